{{- define "app.selector" -}}
app.kubernetes.io/name: {{ .Values.slipway.app }}
{{- end }}
{{- define "app.labels" -}}
{{ include "app.selector" . }}
app.kubernetes.io/part-of: slipway
{{- end }}
