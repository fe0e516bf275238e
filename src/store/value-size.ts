// About how much memory a JSON value takes, for bounds that must hold whatever clients write.

const slotBytes = 8;
const headerBytes = 24;

/** Bytes, within a factor of two or so; costs some microseconds for a pod. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return headerBytes + value.length;
  if (typeof value !== 'object' || value === null) return 0;
  let size = headerBytes;
  if (Array.isArray(value)) for (const item of value) size += slotBytes + sizeOf(item);
  else for (const key in value) size += slotBytes + sizeOf((value as Readonly<Record<string, unknown>>)[key]);
  return size;
}
