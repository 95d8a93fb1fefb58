/** Where the daemon keeps its jobs, repositories, callers and host key. */
export const stateDir = process.env.BUILDER_STATE ?? '/var/lib/builder'
/** Where its programs find it. */
export const socketPath = process.env.BUILDER_SOCKET ?? '/run/builder/builder.sock'
