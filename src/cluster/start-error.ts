// What `everynode up` is refused with: known before anything runs.

/** The cluster cannot be started as asked; the message is for the user and names the path or address. */
export class ClusterStartError extends Error {
  override readonly name = 'ClusterStartError';
}
