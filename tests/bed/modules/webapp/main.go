// Command webapp is the bed's tiny web application. It says its version, and it can be told to fail, hang or crash.
//
// The version comes from VERSION or from the Implementation-Version of the jar that stands at /app/app.jar, as the
// pipeline puts it there. How it behaves comes from BEHAVIOUR, or from Slipway-Behaviour in the same manifest, so that
// a version can be bad from its birth: "fail" answers 500 and is never ready, "hang" never answers, "crash" ends with
// exit code 1, "hoard" takes 256 MiB of memory, "slow" is ready after ten seconds. POST /behaviour/fail and the like
// change it while it runs.
package main

import (
	"archive/zip"
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	jar      = "/app/app.jar"
	hoarded  = 256 << 20
	pageSize = 4 << 10
)

var (
	behaviour atomic.Value
	requests  atomic.Int64
	failures  atomic.Int64
	hoard     []byte
)

// manifest returns the main attributes of the jar's manifest, or none when there is no jar.
func manifest() map[string]string {
	found := map[string]string{}
	archive, err := zip.OpenReader(jar)
	if err != nil {
		return found
	}
	defer archive.Close()
	file, err := archive.Open("META-INF/MANIFEST.MF")
	if err != nil {
		return found
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if key, value, is := strings.Cut(lines.Text(), ": "); is {
			found[key] = strings.TrimSpace(value)
		}
	}
	return found
}

func firstOf(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}

func behave(how string) {
	behaviour.Store(how)
	switch how {
	case "crash":
		fmt.Fprintln(os.Stderr, "panic: the connection pool is exhausted")
		os.Exit(1)
	case "hoard":
		hoard = make([]byte, hoarded)
		// Memory is the program's own when it was written to.
		for at := 0; at < len(hoard); at += pageSize {
			hoard[at] = 1
		}
	}
}

func answer(writer http.ResponseWriter, text string) {
	requests.Add(1)
	switch behaviour.Load() {
	case "hang":
		select {}
	case "fail":
		failures.Add(1)
		http.Error(writer, "told to fail", http.StatusInternalServerError)
	default:
		fmt.Fprintln(writer, text)
	}
}

func main() {
	facts := manifest()
	version := firstOf(os.Getenv("VERSION"), facts["Implementation-Version"], "unknown")
	how := firstOf(os.Getenv("BEHAVIOUR"), facts["Slipway-Behaviour"], "well")
	fmt.Printf("version %s, behaves %s\n", version, how)
	behave(how)
	ready := time.Now()
	if how == "slow" {
		ready = ready.Add(10 * time.Second)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(writer http.ResponseWriter, _ *http.Request) { answer(writer, version) })
	mux.HandleFunc("GET /healthz", func(writer http.ResponseWriter, _ *http.Request) { answer(writer, "ok") })
	mux.HandleFunc("GET /readyz", func(writer http.ResponseWriter, _ *http.Request) {
		if time.Now().Before(ready) {
			http.Error(writer, "not yet", http.StatusServiceUnavailable)
			return
		}
		answer(writer, "ok")
	})
	mux.HandleFunc("GET /metrics", func(writer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(writer, "http_requests_total{version=%q} %d\nhttp_failures_total{version=%q} %d\n",
			version, requests.Load(), version, failures.Load())
	})
	mux.HandleFunc("POST /behaviour/{how}", func(_ http.ResponseWriter, request *http.Request) { behave(request.PathValue("how")) })
	server := &http.Server{Addr: ":" + firstOf(os.Getenv("PORT"), "8080"), Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go func() {
		<-stop.Done()
		end, release := context.WithTimeout(context.Background(), 5*time.Second)
		defer release()
		_ = server.Shutdown(end)
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
