/** plugn's own version, which has nothing to do with Dokku's; hooks see it as PLUGN_VERSION. */
export const version = '1.0.0'
