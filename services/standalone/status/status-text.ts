import { octetsInWords } from '../octets-in-words.ts';
import type { GatewayStatus, Held } from './gateway-status.ts';

const LABEL_WIDTH = 14;
const DAY_MS = 86_400_000;
const NEWCOMERS = {
  open: null,
  invitation: 'by invitation: awala-gateway peers invite',
  closed: 'none may register',
} as const;
const PLURALS = { parcel: 'parcels', cargo: 'cargoes' } as const;

/**
 * A status as one screen shows it: in 80 columns, unless a reason that it quotes is longer.
 *
 * @param start - what to type to start a gateway that does not run
 */
export function statusText(status: GatewayStatus, start: string): readonly string[] {
  const { running, held, jobs, diskRoomOctets } = status;
  const { tlsFailure } = status.certificates;
  const unknown = running ? 'not counted' : 'unknown';
  return [
    `${status.internetAddress}  ${running ? runningText(running) : 'is not running'}`,
    ...(running ? failingLines(running) : [`Start it: ${start}`]),
    '',
    line('phones', phonesText(status)),
    ...registrationLines(running),
    ...(held
      ? [
          line('for phones', heldText(held.forPhones, 'parcel', status)),
          line(
            'for apps',
            held.forInternet ? heldText(held.forInternet, 'parcel', status) : unknown,
          ),
          line('to unpack', held.cargo ? heldText(held.cargo, 'cargo', status) : unknown),
        ]
      : [line('held', unknown)]),
    line('jobs', jobs ? jobsText(jobs) : unknown),
    line('disk', diskRoomOctets === null ? 'none is used' : diskText(diskRoomOctets)),
    line('certificates', certificatesText(status)),
    ...(tlsFailure ? [line('', `no newer one of TLS: ${tlsFailure}`)] : []),
    line('backup', ageOf(status.lastBackupAt, status, 'none is recorded')),
    ...(running ? [line('last minute', countsText(running.lastMinute))] : []),
  ];
}

type Running = NonNullable<GatewayStatus['running']>;

function line(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${text}`;
}

function runningText({ version, upSeconds }: Running): string {
  return `runs for ${inTimeUnits(upSeconds)}, version ${version}`;
}

function failingLines({ failing }: Running): readonly string[] {
  const reasons = Object.entries(failing);
  return reasons.map(([name, reason]) => `not ready: ${name}: ${reason}`);
}

function phonesText({ running, phonesSeen }: GatewayStatus): string {
  const seen = phonesSeen === null ? 'unknown' : `${phonesSeen} seen in 30 days`;
  return running ? `${running.phonesConnected} connected, ${seen}` : seen;
}

/** Says nothing where all may register, as nearly everywhere. */
function registrationLines(running: GatewayStatus['running']): readonly string[] {
  const text = running && NEWCOMERS[running.registration];
  return text ? [line('newcomers', text)] : [];
}

function heldText(
  { objects, octets, oldestAt }: Held,
  what: keyof typeof PLURALS,
  { at }: Pick<GatewayStatus, 'at'>,
): string {
  return objects === 0
    ? 'none'
    : `${objects} ${objects === 1 ? what : PLURALS[what]}, ${octetsInWords(octets)}, the oldest ${ageOf(oldestAt, { at }, '')}`;
}

function jobsText({ waiting, oldestDueSeconds, setAside }: NonNullable<GatewayStatus['jobs']>) {
  const late = oldestDueSeconds === 0 ? '' : `, one due for ${inTimeUnits(oldestDueSeconds)}`;
  return `${waiting} waiting${late}; ${setAside} set aside`;
}

function diskText(octets: number): string {
  return `${octetsInWords(octets)} until parcels are refused`;
}

function certificatesText({ certificates, at }: GatewayStatus): string {
  const { gatewayUntil, tlsUntil } = certificates;
  const own = gatewayUntil === null ? 'unknown' : daysTo(gatewayUntil, at);
  const tls = tlsUntil === null ? '' : `; of TLS ${daysTo(tlsUntil, at)}`;
  return `of the gateway ${own}${tls}`;
}

function countsText(counts: Running['lastMinute']): string {
  return Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');
}

function daysTo(until: string, at: string): string {
  const days = Math.floor((Date.parse(until) - Date.parse(at)) / DAY_MS);
  return `${days} days (until ${until.slice(0, 10)})`;
}

function ageOf(time: string | null, { at }: Pick<GatewayStatus, 'at'>, none: string): string {
  return time === null
    ? none
    : `${inTimeUnits(Math.max(0, (Date.parse(at) - Date.parse(time)) / 1_000))} ago`;
}

/** Such as `3 d 4 h`, `5 min` or `42 s`. */
function inTimeUnits(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) {
    return `${days} d ${hours % 24} h`;
  }
  if (hours > 0) {
    return `${hours} h ${minutes % 60} min`;
  }
  return minutes > 0 ? `${minutes} min` : `${Math.floor(seconds)} s`;
}
