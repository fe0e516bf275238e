// Where everything happens that is in a namespace.
export const namespace = 'sim';
