{{- /* What a schema cannot see, because it compares one value with another. */ -}}
{{- define "app.refuseContradictions" -}}
{{- with .Values.autoscaling }}
{{- if and .enabled (lt (int .maxReplicas) (int .minReplicas)) }}
{{- printf "autoscaling.maxReplicas (%d) is less than autoscaling.minReplicas (%d): raise the one or lower the other." (int .maxReplicas) (int .minReplicas) | fail }}
{{- end }}
{{- end }}
{{- if ge (int .Values.minReadySeconds) (int .Values.progressDeadlineSeconds) }}
{{- printf "minReadySeconds (%d) leaves no pod the time to count within progressDeadlineSeconds (%d): raise the latter." (int .Values.minReadySeconds) (int .Values.progressDeadlineSeconds) | fail }}
{{- end }}
{{- $grace := int .Values.terminationGracePeriodSeconds | default 30 }}
{{- if ge (int .Values.drainSeconds) $grace }}
{{- printf "drainSeconds (%d) uses up the %d seconds that a pod has to end: raise terminationGracePeriodSeconds." (int .Values.drainSeconds) $grace | fail }}
{{- end }}
{{- if and .Values.ingress.splitTraffic .Values.gateway.splitTraffic }}
{{- fail "ingress.splitTraffic and gateway.splitTraffic are both on: one router splits the traffic, switch one of them off." }}
{{- end }}
{{- range $kind, $probe := .Values.probes }}
{{- if and $probe.enabled (ne $probe.port "http") (not (hasKey $.Values.extraPorts $probe.port)) }}
{{- printf "probes.%s.port is %q, which is neither \"http\" nor a name in extraPorts." $kind $probe.port | fail }}
{{- end }}
{{- end }}
{{- end }}
