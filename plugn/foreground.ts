import { constants } from 'node:os'
import { isatty } from 'node:tty'

/** Signals for whoever is in the foreground; a terminal sends the first two to all of its processes by itself. */
const signals = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const

/** Passes signals on to a program until it is released; `status` is that of a chain which was told to end, even when the program ended well. */
export function passSignals(program: { kill(signal: NodeJS.Signals): void }) {
  const terminal = [0, 1, 2].some((descriptor) => isatty(descriptor))
  let told: number | undefined
  const pass = (signal: NodeJS.Signals) => {
    if (signal === 'SIGTERM' || signal === 'SIGHUP') told = 128 + constants.signals[signal]
    if (!terminal || (signal !== 'SIGINT' && signal !== 'SIGQUIT')) program.kill(signal)
  }
  for (const signal of signals) process.on(signal, pass)
  return {
    status: () => told,
    release(): void {
      for (const signal of signals) process.off(signal, pass)
    },
  }
}
