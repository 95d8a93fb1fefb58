/** Who may log in: the keys of a file, or those that a program lets in. */
export type Keys = { readonly file: string } | { readonly command: readonly string[]; readonly user: string }

export interface SshdOptions {
  /** Every address, unless one is given. */
  host?: string
  port: number
  /** Private host key files. */
  hostKeys: readonly string[]
  keys: Keys
  /** The accounts that may log in. */
  users: readonly string[]
  /** The socket that the thin client of each session finds. */
  socket: string
  /** The thin client, where it is not the account's shell. */
  client?: string
  /** How long a client may take to log in, in seconds. */
  loginGrace?: number
}

/** The configuration of an sshd which can do one thing: hand a session to the thin client. */
export function sshdConfig(options: SshdOptions): string {
  const { host, port, hostKeys, keys, users, socket, client = 'dokku', loginGrace = 30 } = options
  const words = [host ?? '', ...hostKeys, ...users, socket, client, ...('file' in keys ? [keys.file] : [...keys.command, keys.user])]
  for (const word of words) if (!/^[\w@./+:%-]*$/.test(word)) throw new Error(`${JSON.stringify(word)} cannot stand in sshd_config`)
  return `${[
    `Port ${port}`,
    ...(host === undefined ? [] : [`ListenAddress ${host}`]),
    ...hostKeys.map((path) => `HostKey ${path}`),
    'PidFile none',

    '# Who: a key on the list, or that is let in, and nothing else. The list belongs to the daemon, which may be another user than this one.',
    `AllowUsers ${users.join(' ')}`,
    ...('file' in keys
      ? [`AuthorizedKeysFile ${keys.file}`]
      : ['AuthorizedKeysFile none', `AuthorizedKeysCommand ${keys.command.join(' ')}`, `AuthorizedKeysCommandUser ${keys.user}`]),
    'StrictModes no',
    'AuthenticationMethods publickey',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'PermitRootLogin no',
    'PermitUserEnvironment DOKKU_USER,DOKKU_FINGERPRINT',

    '# What: the forced command, which is the client whether a shell runs it or is it.',
    `ForceCommand ${client} -c session`,
    `SetEnv DOKKU_SOCKET=${socket}`,
    'AcceptEnv GIT_PROTOCOL',
    'PermitTTY yes',
    'PermitUserRC no',
    'DisableForwarding yes',
    'PrintMotd no',
    'PrintLastLog no',

    '# How many: behind a published port everybody comes from one address, so a penalty would be for all.',
    'PerSourcePenalties no',
    'MaxStartups 300:30:600',
    `LoginGraceTime ${loginGrace}`,
    'ClientAliveInterval 30',
    'ClientAliveCountMax 4',
    'UseDNS no',

    '# A line for each login, on stderr.',
    'LogLevel INFO',
  ].join('\n')}\n`
}
