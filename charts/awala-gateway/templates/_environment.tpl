{{/* The variables of a program: (list root "poweb"). */}}
{{- define "awala.environment" -}}
{{- $root := index . 0 -}}
{{- $program := index . 1 -}}
{{- $values := $root.Values -}}
{{- $uses := index (include "awala.uses" $root | fromYaml) $program -}}
{{- $service := index $values.services $program -}}
{{- $variables := dict "INTERNET_ADDRESS" $values.internetAddress -}}
{{- if $service -}}
{{-   $_ := set $variables "BIND_HOST" "0.0.0.0" -}}
{{-   $_ := set $variables "OPERATIONS_HOST" "0.0.0.0" -}}
{{-   $_ := set $variables "OPERATIONS_PORT" (include "awala.operationsPort" $root) -}}
{{-   $_ := set $variables "DRAIN_TIMEOUT" (printf "%ds" (int $values.drainSeconds)) -}}
{{-   $_ := set $variables "LOG_LEVEL" $values.log.level -}}
{{-   $_ := set $variables "LOG_FORMAT" $values.log.format -}}
{{-   $_ := set $variables "IMAGE_DIGEST" $values.image.digest -}}
{{-   if eq $program "collection" }}{{ $_ := set $variables "COLLECTION_AGENT_PORT" (include "awala.agentPort" $root) }}{{ end -}}
{{-   with index (include "awala.ports" $root | fromYaml) $program -}}
{{-     $_ := set $variables .variable (toString .number) -}}
{{-   end -}}
{{- end -}}
{{- with $values.backing -}}
{{-   if has "objects" $uses -}}
{{-     $_ := set $variables "OBJECT_STORE" "gcs" -}}
{{-     $_ := set $variables "GCS_BUCKET" .objectStore.bucket -}}
{{-     if .objectStore.endpoint }}{{ $_ := set $variables "GCS_ENDPOINT" .objectStore.endpoint }}{{ end -}}
{{-   end -}}
{{-   if has "records" $uses -}}
{{-     $_ := set $variables "RECORD_STORE" "firestore" -}}
{{-     $_ := set $variables "FIRESTORE_PROJECT" .recordStore.project -}}
{{-     $_ := set $variables "FIRESTORE_DATABASE" .recordStore.database -}}
{{-     if .recordStore.emulator }}{{ $_ := set $variables "FIRESTORE_EMULATOR_HOST" .recordStore.emulator }}{{ end -}}
{{-   end -}}
{{-   if has "keys" $uses -}}
{{-     $_ := set $variables "KEY_VAULT" .keyVault.kind -}}
{{-     if eq .keyVault.kind "google-kms" -}}
{{-       $_ := set $variables "KMS_IDENTITY_KEY_VERSION" .keyVault.identityKeyVersion -}}
{{-       $_ := set $variables "KMS_SEALING_KEY" .keyVault.sealingKey -}}
{{-     else -}}
{{-       $_ := set $variables "DATA_DIR" "/data" -}}
{{-     end -}}
{{-   end -}}
{{-   if has "signals" $uses -}}
{{-     $_ := set $variables "SIGNALS" "redis" -}}
{{-     $_ := set $variables "REDIS_PREFIX" .redis.prefix -}}
{{-     if .redis.url }}{{ $_ := set $variables "REDIS_URL" .redis.url }}{{ end -}}
{{-     if .redis.caCertificate }}{{ $_ := set $variables "REDIS_CA_FILE" "/etc/awala/redis/ca.pem" }}{{ end -}}
{{-   end -}}
{{-   if has "queue" $uses }}{{ $_ := set $variables "WORK_QUEUE" "redis" }}{{ end -}}
{{- end -}}
{{- if eq $program "provision" -}}
{{-   $_ := set $variables "GOOGLE_CLOUD_PROJECT" $values.jobs.provision.project -}}
{{-   $_ := set $variables "GCS_LOCATION" $values.jobs.provision.location -}}
{{- end -}}
{{- with $service }}{{ $variables = merge (deepCopy .settings) $variables }}{{ end -}}
{{- range $name, $value := $variables }}
- name: {{ $name }}
  {{- /* A large number as a string would be 1e+06. */}}
  value: {{ kindIs "string" $value | ternary $value (toJson $value) | quote }}
{{- end }}
{{- if and (has "signals" $uses) (not $values.backing.redis.url) }}
- name: REDIS_URL
  valueFrom:
    secretKeyRef:
      name: {{ $values.backing.redis.secret.name }}
      key: {{ $values.backing.redis.secret.key }}
{{- end }}
{{- include "awala.extraEnv" (list $root $program (append (keys $variables) "REDIS_URL")) }}
{{- end }}

{{/* Variables that operators add: (list root component taken), where those that follow from values are taken. */}}
{{- define "awala.extraEnv" -}}
{{- $taken := index . 2 -}}
{{- $extras := include "awala.extras" (list (index . 0) (index . 1)) | fromYaml -}}
{{- range $extras.extraEnv }}
{{- if has .name $taken }}{{ fail (printf "extraEnv: %s follows from other values" .name) }}{{ end }}
- {{ toYaml . | nindent 2 | trim }}
{{- end }}
{{- end }}

{{- define "awala.envFrom" -}}
{{- with (include "awala.extras" . | fromYaml).extraEnvFrom -}}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
