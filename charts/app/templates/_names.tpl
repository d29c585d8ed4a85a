{{- define "app.selector" -}}
app.kubernetes.io/name: {{ .Values.slipway.app | quote }}
{{- end }}
{{- define "app.labels" -}}
{{ include "app.selector" . }}
app.kubernetes.io/part-of: slipway
{{- end }}
{{- define "app.canaryName" -}}
{{ .Values.slipway.app }}-canary
{{- end }}
{{- define "app.previewName" -}}
{{ .Values.slipway.app }}-preview
{{- end }}
{{- /* The name holds the content: pods of an older version keep the files that they were tested with. */ -}}
{{- define "app.configName" -}}
{{ .Values.slipway.app }}-{{ .Values.config.files | toJson | sha256sum | trunc 10 }}
{{- end }}
{{- define "app.accountName" -}}
{{ .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary .Values.slipway.app "") }}
{{- end }}
{{- /* Which router splits the traffic by weight: nginx, gateway, or none. Only a canary has weights. */ -}}
{{- define "app.router" -}}
{{- if eq .Values.strategy "canary" -}}
{{- if and .Values.ingress.enabled .Values.ingress.splitTraffic -}}
nginx
{{- else if and .Values.gateway.enabled .Values.gateway.splitTraffic -}}
gateway
{{- end -}}
{{- end -}}
{{- end }}
