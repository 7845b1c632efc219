{{- define "gcp.teardown" -}}
{{- if .Values.teardown.enabled -}}
{{-   if ne .Values.teardown.confirm .Values.project.id -}}
{{-     fail (printf "teardown.confirm must be %q, the id of the project whose gateway is to be taken down" .Values.project.id) -}}
{{-   end -}}
{{-   if .Values.deletionProtection -}}
{{-     fail "teardown.enabled needs deletionProtection: false" -}}
{{-   end -}}
true
{{- end -}}
{{- end }}

{{/* Metadata of a resource: (list root name lasting), lasting if it outlives this release unless protection is off. */}}
{{- define "gcp.metadata" -}}
{{- $root := index . 0 -}}
{{- $lasting := and (index . 2) $root.Values.deletionProtection -}}
name: {{ index . 1 }}
namespace: {{ $root.Release.Namespace }}
labels:
  app.kubernetes.io/name: {{ $root.Chart.Name }}
  app.kubernetes.io/instance: {{ $root.Release.Name }}
  app.kubernetes.io/managed-by: {{ $root.Release.Service }}
  app.kubernetes.io/part-of: awala-gateway
  helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
annotations:
  cnrm.cloud.google.com/project-id: {{ $root.Values.project.id }}
  cnrm.cloud.google.com/deletion-policy: {{ $lasting | ternary "abandon" "delete" }}
  {{- if $lasting }}
  helm.sh/resource-policy: keep
  {{- end }}
{{- end }}

{{- define "gcp.ring" -}}
{{- printf "projects/%s/locations/%s/keyRings/%s" .Values.project.id .Values.region .Values.keys.ring -}}
{{- end }}

{{- define "gcp.database" -}}
{{- printf "projects/%s/databases/%s" .Values.project.id .Values.firestore.database -}}
{{- end }}

{{/* The database as part of a name: what is tied to it cannot be moved to another, and so is named after it. */}}
{{- define "gcp.databaseLabel" -}}
{{- trimAll "()" .Values.firestore.database -}}
{{- end }}

{{/* Name of a service account's resource, and of the account itself. */}}
{{- define "gcp.account" -}}
{{- printf "%s-%s" (index . 0).Values.gateway.accountPrefix (index . 1) -}}
{{- end }}
