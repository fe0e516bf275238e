// Defaults of volumes and claims (kubernetes pkg/apis/core/v1/defaults.go).
import type { Defaulter } from '../walk.ts';
import { constants, fill } from './fill.ts';

/** 0644 in octal: what files projected into a volume get. */
const filesMode = { defaultMode: 0o644 };

/** A volume that names no source is an emptyDir. */
const volume: Defaulter = (object) =>
  Object.keys(object).some((key) => key !== 'name') ? object : fill(object, { emptyDir: {} });

export const volumeDefaults: Readonly<Record<string, Defaulter>> = {
  'core/v1.Volume': volume,
  'core/v1.ConfigMapVolumeSource': constants(filesMode),
  'core/v1.SecretVolumeSource': constants(filesMode),
  'core/v1.DownwardAPIVolumeSource': constants(filesMode),
  'core/v1.ProjectedVolumeSource': constants(filesMode),
  'core/v1.ServiceAccountTokenProjection': constants({ expirationSeconds: 3600 }),
  // The empty type means: do not check what is there.
  'core/v1.HostPathVolumeSource': (object) => (object['type'] === undefined ? { ...object, type: '' } : object),
  'core/v1.ISCSIVolumeSource': constants({ iscsiInterface: 'default' }),
  'core/v1.RBDVolumeSource': constants({ pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' }),
  'core/v1.AzureDiskVolumeSource': constants({
    cachingMode: 'ReadWrite',
    kind: 'Shared',
    fsType: 'ext4',
    readOnly: false,
  }),
  'core/v1.ScaleIOVolumeSource': constants({ storageMode: 'ThinProvisioned', fsType: 'xfs' }),
  'core/v1.PersistentVolumeClaimSpec': constants({ volumeMode: 'Filesystem' }),
  'core/v1.PersistentVolumeClaimStatus': constants({ phase: 'Pending' }),
};
