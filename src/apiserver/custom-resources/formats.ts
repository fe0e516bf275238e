// The string formats that Kubernetes checks (apiextensions' supported formats). A format that is not here says nothing.
import { isDnsSubdomain } from '../../api/index.ts';

const matching = (pattern: RegExp) => (text: string) => pattern.test(text);
const uuid = (version: string) =>
  matching(new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$`, 'i'));
const isIpv4 = matching(/^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/);
const dateTime = /^(\d{4}-\d\d-\d\d)[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d)?$/;

const formats: ReadonlyMap<string, (text: string) => boolean> = new Map(
  Object.entries({
    'date-time': (text) => isDate(dateTime.exec(text)?.[1] ?? ''),
    datetime: (text) => isDate(dateTime.exec(text)?.[1] ?? ''),
    date: isDate,
    uuid: uuid('[0-9a-f]'),
    uuid3: uuid('3'),
    uuid4: uuid('4'),
    uuid5: uuid('5'),
    ipv4: isIpv4,
    ipv6: isIpv6,
    cidr(text) {
      const [address = '', length, ...rest] = text.split('/');
      if (length === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length)) return false;
      return (isIpv4(address) && Number(length) <= 32) || (isIpv6(address) && Number(length) <= 128);
    },
    byte: (text) => /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0,
    hostname: isDnsSubdomain,
    email: matching(/^[^\s@]+@[^\s@]+$/),
    uri: (text) => URL.canParse(text),
    mac: matching(/^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i),
    duration: matching(/^[+-]?(?:0|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+)$/),
    hexcolor: matching(/^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i),
  } satisfies Record<string, (text: string) => boolean>),
);

export function hasFormat(format: string, text: string): boolean {
  return formats.get(format)?.(text) ?? true;
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function isIpv6(text: string): boolean {
  return text.includes(':') && !text.includes('%') && URL.canParse(`http://[${text}]/`);
}
