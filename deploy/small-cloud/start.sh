#!/bin/sh
# The startup script of the gateway's machine on Google Cloud: makes a new machine the gateway, and
# an existing one the package and settings that its metadata name now. Runs as root at each boot, and
# whenever told: sudo google_metadata_script_runner startup
#
#   gateway-package    where the Debian package is: gs://…/awala-gateway.deb
#   gateway-settings   the content of /etc/awala-gateway/gateway.env
set -eu

metadata() {
  curl --fail --silent --show-error --retry 5 --header 'Metadata-Flavor: Google' \
    "http://metadata.google.internal/computeMetadata/v1/instance/attributes/$1"
}

settings=${SETTINGS_FILE:-/etc/awala-gateway/gateway.env}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

package=$(metadata gateway-package)
gcloud storage cp "$package" "$work/awala-gateway.deb"
metadata gateway-settings >"$work/gateway.env"

export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes "$work/awala-gateway.deb"

# Written over what the package put there, whose owner and mode stay.
if ! cmp --silent "$work/gateway.env" "$settings"; then
  cat "$work/gateway.env" >"$settings"
  systemctl try-restart awala-gateway.service
fi
systemctl enable --now awala-gateway-https.socket awala-gateway-http.socket awala-gateway.service
