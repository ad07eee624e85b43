import { WaybillError } from '../../order/error.ts';
import type { Service } from './service.ts';

/** A value of a property list; numbers are integers. */
export type PlistValue = string | number | boolean | readonly PlistValue[] | { readonly [key: string]: PlistValue };

/** Between two starts, so that a station that is held elsewhere (exit 69) is asked for twice a minute, and costs nothing in between. */
const THROTTLE_SECONDS = 30;

/** The launchd.plist(5) of a service. */
export function plistText(service: Omit<Service, 'text'>): string {
  const log = service.log ?? '/dev/null';
  return propertyList(
    {
      Label: service.name,
      ProgramArguments: service.argv,
      WorkingDirectory: service.workingFolder,
      EnvironmentVariables: service.environment,
      ...(service.user === null ? {} : { UserName: service.user }),
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
      ThrottleInterval: THROTTLE_SECONDS,
      ExitTimeOut: service.stopSeconds,
      StandardOutPath: log,
      StandardErrorPath: log,
    },
    'Written by `waybill service install`, and again by the next one: changes made here are lost.',
  );
}

/** A property list in XML, for Apple's PropertyList-1.0.dtd. Throws USAGE for characters that XML cannot hold. */
export function propertyList(value: PlistValue, comment: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${comment} -->
<plist version="1.0">
${element(value, '')}
</plist>
`;
}

function element(value: PlistValue, indent: string): string {
  const inner = `${indent}  `;
  if (typeof value === 'string') return `${indent}<string>${escapeXml(value)}</string>`;
  if (typeof value === 'number') return `${indent}<integer>${Math.trunc(value)}</integer>`;
  if (typeof value === 'boolean') return `${indent}<${value}/>`;
  if (isList(value)) return `${indent}<array>\n${value.map((v) => `${element(v, inner)}\n`).join('')}${indent}</array>`;
  const entries = Object.entries(value).map(
    ([key, v]) => `${inner}<key>${escapeXml(key)}</key>\n${element(v, inner)}\n`,
  );
  return `${indent}<dict>\n${entries.join('')}${indent}</dict>`;
}

function isList(value: PlistValue): value is readonly PlistValue[] {
  return Array.isArray(value);
}

function escapeXml(text: string): string {
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text))
    throw new WaybillError(
      'USAGE',
      `${JSON.stringify(text)} has a control character, which no property list can hold`,
      {
        hint: 'Give the folder another name.',
      },
    );
  // a reader would take a bare carriage return for a line feed
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;');
}
