// The door to the controller of default service accounts and root certificates.
export { runServiceAccounts, type ServiceAccountsOptions } from './service-accounts.ts';
