{{- define "app.strategy" -}}
{{- if eq .Values.strategy "blue-green" -}}
blueGreen:
  activeService: {{ .Values.slipway.app | quote }}
  previewService: {{ include "app.previewName" . | quote }}
  {{- with int .Values.blueGreen.autoPromotionSeconds }}
  autoPromotionEnabled: true
  autoPromotionSeconds: {{ . }}
  {{- else }}
  autoPromotionEnabled: false
  {{- end }}
  scaleDownDelaySeconds: {{ int .Values.blueGreen.scaleDownDelaySeconds }}
  {{- with int .Values.blueGreen.previewReplicas }}
  previewReplicaCount: {{ . }}
  {{- end }}
  {{- if .Values.analysis.blueGreen.beforePromotion }}
  prePromotionAnalysis:
    {{- include "app.analysis" (dict "root" . "service" (include "app.previewName" .)) | nindent 4 }}
  {{- end }}
  {{- if .Values.analysis.blueGreen.afterPromotion }}
  postPromotionAnalysis:
    {{- include "app.analysis" (dict "root" . "service" .Values.slipway.app) | nindent 4 }}
  {{- end }}
{{- else -}}
canary:
  maxSurge: {{ .Values.rollingUpdate.maxSurge | toJson }}
  maxUnavailable: {{ .Values.rollingUpdate.maxUnavailable | toJson }}
  {{- if eq .Values.strategy "canary" }}
  {{- with include "app.canary" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "app.canary" -}}
{{- $steps := include "app.steps" . | trim }}
{{- $router := include "app.router" . }}
{{- if or $router (include "app.measuresCanary" .) }}
canaryService: {{ include "app.canaryName" . | quote }}
{{- end }}
{{- if $router }}
stableService: {{ .Values.slipway.app | quote }}
trafficRouting:
  {{- if eq $router "nginx" }}
  nginx: {stableIngress: {{ .Values.slipway.app | quote }}}
  {{- else }}
  plugins:
    argoproj-labs/gatewayAPI:
      httpRoute: {{ .Values.slipway.app | quote }}
      namespace: {{ .Release.Namespace | quote }}
  {{- end }}
{{- end }}
{{- if and .Values.analysis.canary.background $steps }}
analysis:
  {{- if gt (len .Values.canary.steps) 1 }}
  # The first step has brought pods; before that there is nothing to measure.
  startingStep: 1
  {{- end }}
  {{- include "app.analysis" (dict "root" . "service" (include "app.canaryName" .) "count" "0") | nindent 2 }}
{{- end }}
{{- if $steps }}
steps:
  {{- $steps | nindent 2 }}
{{- end }}
{{- end }}

{{- /* The catalog's steps, each weight followed by a measurement where that is asked for. */ -}}
{{- define "app.steps" -}}
{{- range .Values.canary.steps }}
- {{ toYaml . | nindent 2 | trim }}
{{- if and $.Values.analysis.canary.afterWeights (gt (int (get . "setWeight")) 0) }}
- analysis:
    {{- include "app.analysis" (dict "root" $ "service" (include "app.canaryName" $)) | nindent 4 }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Pods as the values say. An autoscaler owns the number otherwise: what it chose is written down again, because
helm would take away a number that stood in the release before, and the controller then runs a single pod. A recreate
has stopped every pod, and an autoscaler never leaves zero. */ -}}
{{- define "app.replicas" -}}
{{- if not .Values.autoscaling.enabled -}}
replicas: {{ int .Values.replicas }}
{{- else if eq .Values.strategy "recreate" -}}
replicas: {{ int .Values.autoscaling.minReplicas }}
{{- else -}}
{{- $live := lookup "argoproj.io/v1alpha1" "Rollout" .Release.Namespace .Values.slipway.app | default dict }}
{{- with int (dig "spec" "replicas" 0 $live) -}}
replicas: {{ . }}
{{- end }}
{{- end }}
{{- end }}
