module bed/webapp

go 1.26
