/**
 * Writes deploy/monitoring/rules.yml: the alerts of the chart that hold for a gateway on one machine
 * too.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';

const CHART_ALERTS = new URL('../charts/awala-gateway/files/alerts.yaml', import.meta.url);

/** The file that this script writes. */
export const SHARED_RULES = new URL('../deploy/monitoring/rules.yml', import.meta.url);

/** About several services, or load balancers of collection. */
const NOT_ON_ONE_MACHINE = [
  'AwalaCollectionUnreachable',
  'AwalaCollectionUneven',
  'AwalaServiceAbsent',
];

const HEADER = `# Written by scripts/monitoring.ts from charts/awala-gateway/files/alerts.yaml; docs/runbook.md says
# what to do about each.
`;

interface Alerts {
  readonly groups: readonly {
    readonly name: string;
    readonly rules: readonly { readonly alert: string }[];
  }[];
}

/** The content of {@link SHARED_RULES}. */
export function sharedRules(): string {
  const { groups } = parse(readFileSync(CHART_ALERTS, 'utf8')) as Alerts;
  const kept = groups.map(({ name, rules }) => ({
    name,
    rules: rules.filter(({ alert }) => !NOT_ON_ONE_MACHINE.includes(alert)),
  }));
  return `${HEADER}${stringify({ groups: kept })}`;
}

if (import.meta.main) {
  writeFileSync(SHARED_RULES, sharedRules());
}
