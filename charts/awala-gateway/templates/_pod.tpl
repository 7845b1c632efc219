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

{{/*
Values that each service may have of its own, above those that all have: (list root own). Maps are joined, of lists its
own come last, and its own affinity is all that it has.
*/}}
{{- define "awala.ownAndCommon" -}}
{{- $common := (index . 0).Values.common -}}
{{- $own := index . 1 -}}
{{- range $name := list "nodeSelector" "podAnnotations" "serviceAccountAnnotations" }}
{{ $name }}: {{ merge (deepCopy (index $own $name | default dict)) (index $common $name) | toJson }}
{{- end }}
{{- range $name := list "tolerations" "extraEnv" "extraEnvFrom" }}
{{ $name }}: {{ concat (index $common $name) (index $own $name | default list) | toJson }}
{{- end }}
affinity: {{ index $own "affinity" | default $common.affinity | toJson }}
{{- $service := index $own "service" | default dict }}
service:
  type: {{ index $service "type" | default $common.service.type }}
  annotations: {{ merge (deepCopy (index $service "annotations" | default dict)) $common.service.annotations | toJson }}
{{- end }}

{{/* The values of a component of its own: (list root "poweb"). */}}
{{- define "awala.valuesOf" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- if hasKey $root.Values.services $name -}}
{{-   index $root.Values.services $name | toJson -}}
{{- else if eq $name "collection-balancer" -}}
{{-   $root.Values.collectionBalancer | toJson -}}
{{- else -}}
{{-   $root.Values.jobs | toJson -}}
{{- end -}}
{{- end }}

{{- define "awala.extras" -}}
{{- include "awala.ownAndCommon" (list (index . 0) (include "awala.valuesOf" . | fromJson)) -}}
{{- end }}

{{/* Where pods may run: (list root component). */}}
{{- define "awala.placement" -}}
{{- $extras := include "awala.extras" . | fromYaml -}}
{{- range $name := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $extras $name }}
{{ $name }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* Evenly over zones, then over machines: (list root component). */}}
{{- define "awala.spread" -}}
{{- $root := index . 0 -}}
- topologyKey: topology.kubernetes.io/zone
  maxSkew: 1
  # What cannot be scheduled to is no zone: pods that one zone lost find room in the others.
  nodeTaintsPolicy: Honor
  {{- if eq (int $root.Values.spread.zones) 3 }}
  # Not three: with a zone away, each of the others would take one pod, and no more.
  minDomains: 2
  whenUnsatisfiable: DoNotSchedule
  {{- else }}
  whenUnsatisfiable: ScheduleAnyway
  {{- end }}
  labelSelector:
    matchLabels:
      {{- include "awala.selector" . | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
- topologyKey: kubernetes.io/hostname
  maxSkew: 1
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "awala.selector" . | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
{{- end }}

{{/* Whether it started, takes clients and lives: of a service, or of what answers as one does. */}}
{{- define "awala.probes" -}}
startupProbe:
  httpGet: { path: /livez, port: operations }
  periodSeconds: 1
  failureThreshold: 60
readinessProbe:
  # Not /readyz: what is away for all pods must not take them all away.
  httpGet: { path: /servez, port: operations }
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 3
livenessProbe:
  httpGet: { path: /livez, port: operations }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
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
{{- include "awala.placement" (list $root "jobs") }}
restartPolicy: OnFailure
containers:
  - name: {{ index . 2 | first }}
    image: {{ include "awala.image" $root }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    args: {{ concat (list "services/standalone/main.js") (index . 2) | toJson }}
    env:
      {{- include "awala.environment" (list $root $program) | trim | nindent 6 }}
    {{- include "awala.envFrom" (list $root "jobs") | nindent 4 }}
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
{{- $annotations := include "awala.podAnnotations" (list $root "jobs") -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "awala.name" (list $root $command) }}-{{ cat $pod $annotations | sha256sum | trunc 10 }}
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
      {{- $annotations | nindent 6 }}
    spec:
      {{- $pod | nindent 6 }}
{{- end }}

{{/* Annotations that pods have besides: (list root component). */}}
{{- define "awala.podAnnotations" -}}
{{- with (include "awala.extras" . | fromYaml).podAnnotations -}}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
