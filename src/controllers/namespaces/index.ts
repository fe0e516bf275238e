// The door to the namespace controller.
export { type NamespacesOptions, runNamespaces } from './namespaces.ts';
