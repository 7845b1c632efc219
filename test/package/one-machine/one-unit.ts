import type { DebianRoot } from '../debian-root.ts';

const PID = '/run/awala-gateway.pid';
const LOG = '/var/log/awala-gateway.log';

/**
 * Enough of systemd, in a Debian where none can run, for one service: it is started, stopped and
 * restarted, and its output is the journal.
 */
const SYSTEMCTL = `#!/bin/sh
running() { [ -e ${PID} ] && kill -0 "$(cat ${PID})" 2>/dev/null; }
start() {
  running && return
  setsid sh -c 'echo $$ >${PID}; exec /usr/bin/awala-gateway serve' </dev/null >>${LOG} 2>&1 &
  while ! [ -s ${PID} ]; do sleep 0.1; done
}
stop() {
  if running; then
    kill "$(cat ${PID})"
    while running; do sleep 0.1; done
  fi
  rm -f ${PID}
}
echo "$(basename "$0") $*" >>/root/systemd-calls
for word in "$@"; do
  case $word in
  --*) ;;
  *) verb=$word; break ;;
  esac
done
case "$verb $*" in
"is-active "*awala-gateway.service*) running || exit 3 ;;
"is-active "*) exit 3 ;;
"is-enabled "*) [ -e ${PID} ] || exit 1 ;;
"show "*) running && echo ActiveState=active || echo ActiveState=failed ;;
"enable "*awala-gateway.service* | "start "*awala-gateway.service*) start ;;
"restart "*awala-gateway.service*) stop; start ;;
"stop "*awala-gateway.service*) stop ;;
esac
`;

const JOURNALCTL = `#!/bin/sh\ntail -n 50 ${LOG}\n`;
/** Root's shell is its own already; nobody is there to confirm. */
const SUDO = '#!/bin/sh\nexec "$@"\n';

/** Puts the stand-ins into a Debian. */
export async function bringOneUnit(root: DebianRoot): Promise<void> {
  const programs = {
    systemctl: SYSTEMCTL,
    'deb-systemd-invoke': SYSTEMCTL,
    journalctl: JOURNALCTL,
    sudo: SUDO,
  };
  await root.sh('mkdir -p /run/systemd/system');
  for (const [name, text] of Object.entries(programs)) {
    const script = `rm -f /usr/bin/${name}; cat >/usr/bin/${name} <<'END'\n${text}END\nchmod 755 /usr/bin/${name}`;
    await root.sh(script);
  }
  await root.sh(`echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/nobody-asks`);
}

/** Stops the gateway, so that the Debian can be removed. */
export async function stopUnit(root: DebianRoot): Promise<void> {
  await root.sh('systemctl stop awala-gateway.service');
}
