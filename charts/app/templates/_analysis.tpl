{{- /* Names of the measurements that are switched on, each also the end of its AnalysisTemplate's name. */ -}}
{{- define "app.measurements" -}}
{{- range $key, $name := dict "successRate" "success-rate" "latency" "latency" "web" "web" "job" "job" }}
{{- if (index $.Values.analysis $key).enabled }} {{ $name }}{{ end }}
{{- end }}
{{- end }}

{{- define "app.measuresCanary" -}}
{{- if and .Values.canary.steps (or .Values.analysis.canary.background .Values.analysis.canary.afterWeights) }}yes{{ end }}
{{- end }}

{{- /* One use of the measurements: of `root`, asked of a `service`, `count` times unless as often as the values say. */ -}}
{{- define "app.analysis" -}}
templates:
  {{- range splitList " " (include "app.measurements" .root | trim) }}
  - templateName: {{ printf "%s-%s" $.root.Values.slipway.app . | quote }}
  {{- end }}
args:
  - name: hash
    valueFrom: {podTemplateHashValue: Latest}
  - name: address
    value: {{ include "app.address" . | quote }}
  {{- with .count }}
  - {name: count, value: {{ . | quote }}}
  {{- end }}
{{- end }}

{{- define "app.address" -}}
{{- $values := .root.Values -}}
http://{{ .service }}.{{ .root.Release.Namespace }}.svc.{{ $values.analysis.clusterDomain }}:{{ int $values.service.port }}
{{- end }}

{{- /* The label matchers of the new version's pods, in PromQL. */ -}}
{{- define "app.pods" -}}
{{- $prometheus := .Values.analysis.prometheus -}}
{{ $prometheus.namespaceLabel }}="{{ .Release.Namespace }}",{{ $prometheus.podLabel }}=~"{{ .Values.slipway.app }}-{{ "{{args.hash}}" }}-.+"
{{- end }}

{{- define "app.successRateQuery" -}}
{{- with .Values.analysis.successRate }}
{{- $pods := include "app.pods" $ }}
{{- $window := $.Values.analysis.prometheus.window }}
{{- if .query -}}
{{ .query | replace "$pods" $pods }}
{{- else -}}
1 - (sum(rate({{ .metric }}{ {{- $pods }},{{ .errors -}} }[{{ $window }}])) or vector(0)) / sum(rate({{ .metric }}{ {{- $pods -}} }[{{ $window }}]))
{{- end }}
{{- end }}
{{- end }}

{{- define "app.latencyQuery" -}}
{{- with .Values.analysis.latency }}
{{- $pods := include "app.pods" $ }}
{{- if .query -}}
{{ .query | replace "$pods" $pods }}
{{- else -}}
histogram_quantile({{ .quantile }}, sum by (le) (rate({{ .metric }}{ {{- $pods -}} }[{{ $.Values.analysis.prometheus.window }}])))
{{- end }}
{{- end }}
{{- end }}

{{- /* How often something is measured. The count is an argument: in the background it is 0, which is until the end. */ -}}
{{- define "app.pace" -}}
{{- with .Values.analysis -}}
initialDelay: {{ .initialDelay | quote }}
interval: {{ .interval | quote }}
count: "{{ "{{args.count}}" }}"
failureLimit: {{ int .failureLimit }}
inconclusiveLimit: {{ sub (int .count) 1 }}
{{- end }}
{{- end }}

{{- define "app.arguments" -}}
args:
  - name: hash
  - name: address
  - {name: count, value: {{ int .Values.analysis.count | quote }}}
{{- end }}

{{- /* A number from Prometheus: `good` of it passes. No number, or none that is one, says nothing unless told. */ -}}
{{- define "app.conditions" -}}
{{- if eq .root.Values.analysis.noRequests "pass" -}}
successCondition: len(result) == 0 || isNaN(result[0]) || result[0] {{ .good }}
{{- else -}}
successCondition: len(result) > 0 && !isNaN(result[0]) && result[0] {{ .good }}
{{- end }}
failureCondition: len(result) > 0 && !isNaN(result[0]) && !(result[0] {{ .good }})
{{- end }}

{{- define "app.prometheus" -}}
prometheus:
  address: {{ .root.Values.analysis.prometheus.address | quote }}
  query: {{ .query | quote }}
{{- end }}
