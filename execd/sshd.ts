export interface SshdOptions {
  port: number
  /** Private host key files. */
  hostKeys: readonly string[]
  authorizedKeysFile: string
  /** The one account that may log in; its shell is the thin client. */
  user: string
  /** The daemon's socket, as the client finds it. */
  socket: string
}

/** The configuration of an sshd without privileges, which can do one thing: hand a session to the thin client. */
export function sshdConfig(options: SshdOptions): string {
  for (const value of [options.authorizedKeysFile, options.user, options.socket, ...options.hostKeys])
    if (!/^[\w@./+-]+$/.test(value)) throw new Error(`${JSON.stringify(value)} cannot stand in sshd_config`)
  return `${[
    `Port ${options.port}`,
    ...options.hostKeys.map((path) => `HostKey ${path}`),
    'PidFile none',

    '# Who: a key on the list, and nothing else. The list belongs to the daemon, which is another user than this one.',
    `AllowUsers ${options.user}`,
    `AuthorizedKeysFile ${options.authorizedKeysFile}`,
    'StrictModes no',
    'AuthenticationMethods publickey',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'PermitUserEnvironment DOKKU_USER,DOKKU_FINGERPRINT',

    '# What: the forced command. The account has the client as its shell, so no shell is in the path.',
    'ForceCommand dokku',
    `SetEnv DOKKU_SOCKET=${options.socket}`,
    'AcceptEnv GIT_PROTOCOL',
    'PermitTTY yes',
    'PermitUserRC no',
    'DisableForwarding yes',
    'PrintMotd no',
    'PrintLastLog no',

    '# How many: behind a published port everybody comes from one address, so a penalty would be for all.',
    'PerSourcePenalties no',
    'MaxStartups 200:30:300',
    'LoginGraceTime 30',
    'ClientAliveInterval 30',
    'ClientAliveCountMax 4',
    'UseDNS no',

    '# A line for each login, on stderr.',
    'LogLevel INFO',
  ].join('\n')}\n`
}
