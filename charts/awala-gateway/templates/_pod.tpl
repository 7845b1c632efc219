{{- define "awala.securityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
# The key vault refuses files that Kubernetes opened to the group again and again.
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "awala.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "awala.resources" -}}
requests:
  cpu: {{ .cpu | quote }}
  memory: {{ .memory | quote }}
limits:
  cpu: {{ .cpuLimit | quote }}
  memory: {{ .memory | quote }}
{{- end }}

{{/* What every pod has but its containers: (list root account). */}}
{{- define "awala.podBasics" -}}
{{- $root := index . 0 -}}
serviceAccountName: {{ include "awala.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "awala.securityContext" $root | nindent 2 }}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "awala.volumes" -}}
{{- if .Values.backing.redis.caCertificate }}
- name: redis-ca
  configMap:
    name: {{ include "awala.name" (list . "redis-ca") }}
{{- end }}
{{- if eq .Values.backing.keyVault.kind "local" }}
- name: data
  persistentVolumeClaim:
    claimName: {{ include "awala.name" (list . "keys") }}
{{- end }}
{{- end }}

{{- define "awala.volumeMounts" -}}
{{- if .Values.backing.redis.caCertificate }}
- name: redis-ca
  mountPath: /etc/awala/redis
  readOnly: true
{{- end }}
{{- if eq .Values.backing.keyVault.kind "local" }}
- name: data
  mountPath: /data
{{- end }}
{{- end }}

{{/* The pod of a command that ends: (list root program args resources). */}}
{{- define "awala.commandPod" -}}
{{- $root := index . 0 -}}
{{- $program := index . 1 -}}
{{- include "awala.podBasics" (list $root "keys") }}
restartPolicy: OnFailure
containers:
  - name: {{ index . 2 | first }}
    image: {{ include "awala.image" $root }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    args: {{ concat (list "services/standalone/main.js") (index . 2) | toJson }}
    env:
      {{- include "awala.environment" (list $root $program) | trim | nindent 6 }}
    securityContext:
      {{- include "awala.containerSecurityContext" $root | nindent 6 }}
    resources:
      {{- include "awala.resources" $root.Values.jobs.resources | nindent 6 }}
    {{- with include "awala.volumeMounts" $root | trim }}
    volumeMounts:
      {{- . | nindent 6 }}
    {{- end }}
{{- with include "awala.volumes" $root | trim }}
volumes:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}

{{/*
A Job that runs a command once: (list root program command). It is named after what it runs: a Job cannot be
changed, and one that is the same need not run again.
*/}}
{{- define "awala.onceJob" -}}
{{- $root := index . 0 -}}
{{- $command := index . 2 -}}
{{- $pod := include "awala.commandPod" (list $root (index . 1) (list $command)) -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "awala.name" (list $root $command) }}-{{ sha256sum $pod | trunc 10 }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "awala.labels" (list $root $command) | nindent 4 }}
spec:
  backoffLimit: 20
  activeDeadlineSeconds: 1800
  ttlSecondsAfterFinished: 86400
  template:
    metadata:
      labels:
        {{- include "awala.labels" (list $root $command) | nindent 8 }}
    spec:
      {{- $pod | nindent 6 }}
{{- end }}
