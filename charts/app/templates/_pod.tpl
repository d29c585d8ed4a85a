{{- /* The pod template's spec. Nothing of the deployment stands here, and what is not asked for adds no line: the same
content must give the same ReplicaSet. */ -}}
{{- define "app.pod" -}}
{{- $values := .Values }}
{{- with include "app.accountName" . }}
serviceAccountName: {{ . | quote }}
{{- end }}
{{- if $values.serviceAccount.create }}
automountServiceAccountToken: {{ $values.serviceAccount.mountToken }}
{{- end }}
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if $values.spread.enabled }}
topologySpreadConstraints:
  {{- range $values.spread.topologyKeys }}
  - maxSkew: 1
    topologyKey: {{ . | quote }}
    whenUnsatisfiable: {{ $values.spread.required | ternary "DoNotSchedule" "ScheduleAnyway" }}
    labelSelector:
      matchLabels:
        {{- include "app.selector" $ | nindent 8 }}
    matchLabelKeys: [rollouts-pod-template-hash]
  {{- end }}
{{- end }}
{{- with int $values.terminationGracePeriodSeconds }}
terminationGracePeriodSeconds: {{ . }}
{{- end }}
{{- with include "app.podSecurity" . }}
securityContext:
  {{- . | nindent 2 }}
{{- end }}
containers:
  - name: app
    image: {{ printf "%s@%s" $values.image.repository $values.image.digest | quote }}
    env:
      - {name: VERSION, value: {{ $values.slipway.version | quote }}}
      {{- range $name, $value := $values.env }}
      - {name: {{ $name | quote }}, value: {{ $value | quote }}}
      {{- end }}
    {{- with $values.envFromSecrets }}
    envFrom:
      {{- range . }}
      - secretRef: {name: {{ . | quote }}}
      {{- end }}
    {{- end }}
    ports:
      - {name: http, containerPort: {{ int $values.port }}}
      {{- range $name, $port := $values.extraPorts }}
      - {name: {{ $name | quote }}, containerPort: {{ int $port }}}
      {{- end }}
    {{- range $kind := list "startup" "readiness" "liveness" }}
    {{- $probe := index $values.probes $kind }}
    {{- if $probe.enabled }}
    {{ $kind }}Probe:
      {{- include "app.probe" $probe | nindent 6 }}
    {{- end }}
    {{- end }}
    {{- with int $values.drainSeconds }}
    lifecycle:
      preStop:
        sleep: {seconds: {{ . }}}
    {{- end }}
    {{- with include "app.containerSecurity" . }}
    securityContext:
      {{- . | nindent 6 }}
    {{- end }}
    resources:
      {{- toYaml $values.resources | nindent 6 }}
    {{- include "app.mounts" . | nindent 4 }}
{{- include "app.volumes" . }}
{{- end }}

{{- define "app.probe" -}}
{{- if .path -}}
httpGet: {path: {{ .path | quote }}, port: {{ .port | quote }}}
{{- else -}}
tcpSocket: {port: {{ .port | quote }}}
{{- end }}
{{- range $key := list "initialDelaySeconds" "periodSeconds" "timeoutSeconds" "failureThreshold" }}
{{- with int (index $ $key) }}
{{ $key }}: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "app.podSecurity" -}}
{{- with .Values.security }}
{{- if .restricted -}}
runAsNonRoot: true
seccompProfile: {type: RuntimeDefault}
{{- end }}
{{- with int64 .user }}
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "app.containerSecurity" -}}
{{- with .Values.security }}
{{- if .restricted -}}
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
{{- end }}
{{- if .readOnlyRoot }}
readOnlyRootFilesystem: true
{{- end }}
{{- end }}
{{- end }}

{{- define "app.mounts" -}}
{{- $writable := .Values.security.readOnlyRoot | ternary .Values.security.writablePaths list }}
{{- if or $writable .Values.config.files -}}
volumeMounts:
  {{- if .Values.config.files }}
  - {name: config, mountPath: {{ .Values.config.path | quote }}, readOnly: true}
  {{- end }}
  {{- range $number, $path := $writable }}
  - {name: writable-{{ $number }}, mountPath: {{ $path | quote }}}
  {{- end }}
{{- end }}
{{- end }}

{{- define "app.volumes" -}}
{{- $writable := .Values.security.readOnlyRoot | ternary .Values.security.writablePaths list }}
{{- if or $writable .Values.config.files }}
volumes:
  {{- if .Values.config.files }}
  - name: config
    configMap: {name: {{ include "app.configName" . | quote }}}
  {{- end }}
  {{- range $number, $path := $writable }}
  - name: writable-{{ $number }}
    emptyDir: {}
  {{- end }}
{{- end }}
{{- end }}
