{{/* The release's name before everything that it makes. */}}
{{- define "stellwerk.name" -}}
{{- if contains "stellwerk" .Release.Name }}{{ .Release.Name | trunc 50 }}{{ else }}{{ printf "%s-stellwerk" .Release.Name | trunc 50 }}{{ end -}}
{{- end }}

{{- define "stellwerk.selector" -}}
app.kubernetes.io/name: stellwerk
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "stellwerk.labels" -}}
{{ include "stellwerk.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "stellwerk.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "stellwerk.config" -}}
{{ .Values.config.existing | default (printf "%s-config" (include "stellwerk.name" .)) }}
{{- end }}

{{/* The name of the secret with which a role logs in to Kafka. Takes (list $ role-values). */}}
{{- define "stellwerk.kafkaSecret" -}}
{{- $root := index . 0 }}{{- $role := index . 1 -}}
{{ $role.kafkaSecret | default $root.Values.kafka.secret }}
{{- end }}

{{/* The settings of a container. Takes (list $ role-values). */}}
{{- define "stellwerk.env" -}}
{{- $root := index . 0 }}{{- $v := $root.Values -}}
{{- $files := dict "username" "USERNAME_FILE" "password" "PASSWORD_FILE" "ca.crt" "CAFILE" "tls.crt" "CERTFILE" "tls.key" "KEYFILE" -}}
- {name: STELLWERK_KAFKA__BOOTSTRAP, value: {{ required "kafka.bootstrap must be given: host:port of your Kafka" $v.kafka.bootstrap | quote }}}
- {name: STELLWERK_KAFKA__PREFIX, value: {{ $v.kafka.prefix | quote }}}
- {name: STELLWERK_KAFKA__PARTITIONS, value: {{ $v.kafka.partitions | quote }}}
- {name: STELLWERK_KAFKA__REPLICATION, value: {{ $v.kafka.replication | quote }}}
- {name: STELLWERK_KAFKA__SECURITY, value: {{ $v.kafka.security | quote }}}
- {name: STELLWERK_KAFKA__MECHANISM, value: {{ $v.kafka.mechanism | quote }}}
- {name: STELLWERK_KAFKA__WAIT, value: "180"}
- {name: STELLWERK_METRICS__HOST, value: 0.0.0.0}
- {name: STELLWERK_METRICS__PORT, value: {{ $v.metrics.port | quote }}}
{{- if include "stellwerk.kafkaSecret" . }}
{{- range $v.kafka.keys }}
- {name: STELLWERK_KAFKA__{{ get $files . }}, value: /run/secrets/kafka/{{ . }}}
{{- end }}
{{- end }}
{{- range $name, $value := $v.settings }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{/* The pod of a role. Takes (list $ role-name role-values arguments). */}}
{{- define "stellwerk.pod" -}}
{{- $root := index . 0 }}{{- $role := index . 1 }}{{- $v := index . 2 }}{{- $arguments := index . 3 -}}
{{- $secret := include "stellwerk.kafkaSecret" (list $root $v) -}}
serviceAccountName: {{ include "stellwerk.name" $root }}
automountServiceAccountToken: false
terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: {{ $role }}
    image: {{ include "stellwerk.image" $root | quote }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    args: {{ $arguments | toJson }}
    env:
      {{- include "stellwerk.env" (list $root $v) | nindent 6 }}
      {{- if and (eq $role "ingest") (or $root.Values.config.existing (hasKey $root.Values.config.files "accounts.csv")) }}
      # Only for `keep = "mentions"`: everybody else follows the accounts on their topic.
      - {name: STELLWERK_ROUTE__ACCOUNTS, value: /config/accounts.csv}
      {{- end }}
    {{- with $root.Values.settingsSecret }}
    envFrom: [{secretRef: {name: {{ . }}}}]
    {{- end }}
    {{- if ne $role "init" }}
    ports:
      - {name: metrics, containerPort: {{ $root.Values.metrics.port }}}
      {{- if eq $role "push" }}
      - {name: push, containerPort: 8650}
      {{- end }}
    startupProbe: {httpGet: {path: /livez, port: metrics}, periodSeconds: 5, failureThreshold: 60}
    livenessProbe: {httpGet: {path: /livez, port: metrics}, periodSeconds: 15, failureThreshold: 4, timeoutSeconds: 5}
    readinessProbe: {httpGet: {path: /readyz, port: metrics}, periodSeconds: 10, failureThreshold: 3, timeoutSeconds: 5}
    {{- end }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL]}
    {{- with $v.resources }}
    resources: {{ toYaml . | nindent 6 }}
    {{- end }}
    volumeMounts:
      - {name: config, mountPath: /config, readOnly: true}
      - {name: data, mountPath: /data}
      - {name: tmp, mountPath: /tmp}
      {{- if $secret }}
      - {name: kafka, mountPath: /run/secrets/kafka, readOnly: true}
      {{- end }}
volumes:
  - {name: config, configMap: {name: {{ include "stellwerk.config" $root }}, optional: true}}
  - {name: data, emptyDir: {sizeLimit: 256Mi}}
  - {name: tmp, emptyDir: {sizeLimit: 512Mi}}
  {{- if $secret }}
  - {name: kafka, secret: {secretName: {{ $secret }}, defaultMode: 0440}}
  {{- end }}
{{- with $root.Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}
