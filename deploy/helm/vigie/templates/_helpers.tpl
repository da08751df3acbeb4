{{- define "vigie.image" -}}
{{ .root.Values.image.registry }}/{{ .name }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "vigie.selector" -}}
app.kubernetes.io/part-of: vigie
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/name: {{ .name }}
{{- if .part }}
app.kubernetes.io/component: {{ .part }}
{{- end }}
{{- end }}

{{- define "vigie.labels" -}}
{{ include "vigie.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{/* Environment prefix of a service: camera-registry -> CAMERA_REGISTRY */}}
{{- define "vigie.prefix" -}}
{{ .name | upper | replace "-" "_" }}
{{- end }}

{{- define "vigie.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "vigie.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "vigie.environment" -}}
{{- $prefix := include "vigie.prefix" . -}}
- {name: {{ $prefix }}_NATS_URL, value: {{ .root.Values.nats.url | quote }}}
- {name: {{ $prefix }}_NATS_USER, value: {{ .name | quote }}}
- name: {{ $prefix }}_NATS_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ .root.Values.nats.existingSecret | quote }}, key: {{ .name }}}}
- name: {{ $prefix }}_DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ .root.Values.databaseSecret | quote }}, key: {{ .name }}-url}}
- {name: {{ $prefix }}_API_HOST, value: "0.0.0.0"}
- {name: {{ $prefix }}_API_PORT, value: {{ .port | quote }}}
- {name: {{ $prefix }}_TRUSTED_KEYS_DIR, value: /etc/vigie/trusted-keys}
- {name: {{ $prefix }}_SERVICE_KEY_FILE, value: /etc/vigie/key/{{ .name }}.json}
- {name: {{ $prefix }}_PUBLIC_ORIGIN, value: {{ printf "https://%s" .root.Values.host | quote }}}
- {name: {{ $prefix }}_TOWN, value: {{ .root.Values.town | quote }}}
- {name: {{ $prefix }}_REPLICA_MAX_SILENCE, value: {{ .root.Values.access.silenceAllowedSeconds | quote }}}
{{- with .root.Values.access.replayRoles }}
- {name: {{ $prefix }}_REPLAY_ROLES, value: {{ toJson . | quote }}}
{{- end }}
{{- if .root.Values.otlpEndpoint }}
- {name: {{ $prefix }}_OTLP_ENDPOINT, value: {{ .root.Values.otlpEndpoint | quote }}}
{{- end }}
{{- if has .name (list "retention" "stream-gateway") }}
- {name: {{ $prefix }}_S3_ENDPOINT, value: {{ .root.Values.objectStore.endpoint | quote }}}
- {name: {{ $prefix }}_S3_SECURE, value: {{ .root.Values.objectStore.secure | quote }}}
- name: {{ $prefix }}_S3_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ .root.Values.objectStore.existingSecret | quote }}, key: access-key}}
- name: {{ $prefix }}_S3_SECRET_KEY
  valueFrom: {secretKeyRef: {name: {{ .root.Values.objectStore.existingSecret | quote }}, key: secret-key}}
{{- end }}
{{- if eq .name "retention" }}
- name: RETENTION_EVIDENCE_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ .root.Values.objectStore.existingSecret | quote }}, key: evidence-access-key}}
- name: RETENTION_EVIDENCE_SECRET_KEY
  valueFrom: {secretKeyRef: {name: {{ .root.Values.objectStore.existingSecret | quote }}, key: evidence-secret-key}}
{{- end }}
{{- if eq .name "access" }}
- {name: ACCESS_OIDC_ISSUER, value: {{ .root.Values.oidc.issuer | quote }}}
- {name: ACCESS_OIDC_CLIENT_ID, value: {{ .root.Values.oidc.clientId | quote }}}
- name: ACCESS_OIDC_CLIENT_SECRET
  valueFrom: {secretKeyRef: {name: {{ .root.Values.oidc.existingSecret | quote }}, key: client-secret}}
{{- end }}
{{- if eq .name "camera-registry" }}
- {name: CAMERA_REGISTRY_CREDENTIAL_KEY_FILE, value: /etc/vigie/credentials/camera-credentials.key}
{{- end }}
{{- if eq .name "stream-gateway" }}
- {name: STREAM_GATEWAY_SPOOL_DIR, value: /var/spool/vigie}
- {name: STREAM_GATEWAY_REGISTRY_URL, value: "http://{{ .root.Release.Name }}-camera-registry:{{ index .root.Values.services "camera-registry" "port" }}"}
- {name: STREAM_GATEWAY_RETENTION_URL, value: "http://{{ .root.Release.Name }}-retention:{{ .root.Values.services.retention.port }}"}
{{- end }}
{{- end }}

{{- define "vigie.volumes" -}}
- name: key
  secret:
    secretName: {{ .root.Values.keys.existingSecret | quote }}
    defaultMode: 0440
    items: [{key: {{ .name }}.json, path: {{ .name }}.json}]
- name: trusted-keys
  configMap: {name: {{ .root.Values.keys.existingConfigMap | quote }}}
{{- if eq .name "camera-registry" }}
- name: credentials
  secret:
    secretName: {{ .root.Values.keys.cameraCredentialSecret | quote }}
    defaultMode: 0440
    items: [{key: camera-credentials.key, path: camera-credentials.key}]
{{- end }}
- name: tmp
  emptyDir: {}
{{- end }}

{{- define "vigie.mounts" -}}
- {name: key, mountPath: /etc/vigie/key, readOnly: true}
- {name: trusted-keys, mountPath: /etc/vigie/trusted-keys, readOnly: true}
{{- if eq .name "camera-registry" }}
- {name: credentials, mountPath: /etc/vigie/credentials, readOnly: true}
{{- end }}
- {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "vigie.probes" -}}
readinessProbe:
  httpGet: {path: /healthz/ready, port: http}
  periodSeconds: 5
livenessProbe:
  httpGet: {path: /healthz/live, port: http}
  periodSeconds: 10
  failureThreshold: 6
{{- end }}
