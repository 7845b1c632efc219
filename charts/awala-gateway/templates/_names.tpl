{{/* The port that a service serves, its variable, and how it speaks; none for workers. */}}
{{- define "awala.ports" -}}
poweb: { number: 8080, variable: POWEB_PORT, protocol: http }
pohttp: { number: 8081, variable: POHTTP_PORT, protocol: http }
cogrpc: { number: 8082, variable: COGRPC_PORT, protocol: kubernetes.io/h2c }
collection: { number: 8083, variable: COLLECTION_PORT, protocol: http }
{{- end }}

{{- define "awala.operationsPort" -}}9090{{- end }}

{{/* Where a process of collection tells HAProxy whether it takes collectors. */}}
{{- define "awala.agentPort" -}}9190{{- end }}

{{/* Whether collection has load balancers of its own; else nothing. */}}
{{- define "awala.isBalanced" -}}
{{- if and .Values.services.collection.enabled .Values.collectionBalancer.enabled }}true{{ end -}}
{{- end }}

{{/* What the edge leads to, by service: the component whose Service that is. */}}
{{- define "awala.behindEdge" -}}
{{- $root := . -}}
{{- range $service := list "poweb" "collection" "pohttp" "cogrpc" }}
{{- if (index $root.Values.services $service).enabled }}
{{ $service }}: {{ and (eq $service "collection") (eq (include "awala.isBalanced" $root) "true") | ternary "collection-balancer" $service }}
{{- end }}
{{- end }}
{{- end }}

{{/* The host of collection's own, where there is one and collection runs; else nothing. */}}
{{- define "awala.collectionHost" -}}
{{- if .Values.services.collection.enabled }}{{ .Values.hosts.collection }}{{ end -}}
{{- end }}

{{/* The backing services that each program uses. */}}
{{- define "awala.uses" -}}
poweb: [objects, records, keys, signals, queue]
pohttp: [objects, records, keys, signals]
cogrpc: [objects, records, keys, signals, queue]
collection: [objects, records, keys, signals]
workers: [objects, records, keys, signals, queue]
keys: [records, keys]
provision: [objects, records]
{{- end }}

{{/* Name of what belongs to a service: (list root "poweb"). */}}
{{- define "awala.name" -}}
{{- $root := index . 0 -}}
{{- printf "%s-%s" ($root.Release.Name | trunc 40 | trimSuffix "-") (index . 1) -}}
{{- end }}

{{- define "awala.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "awala.labels" -}}
{{- $root := index . 0 -}}
{{ include "awala.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/part-of: awala-gateway
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end }}

{{- define "awala.metadata" -}}
name: {{ include "awala.name" . }}
namespace: {{ (index . 0).Release.Namespace }}
labels:
  {{- include "awala.labels" . | nindent 2 }}
{{- end }}

{{- define "awala.image" -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- end }}
