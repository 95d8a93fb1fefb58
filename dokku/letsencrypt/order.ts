import { z } from 'zod'
import { AcmeError, type Conversation, converse, newAccountKey, obtain, renewalId, type Solvers } from '#lib/acme/mod.ts'
import { messageOf, UserError } from '#lib/errors.ts'
import type { Output } from '#lib/output.ts'
import { heard } from '../by.ts'
import { certificateOf } from '../certificates.ts'
import { checkCertificate } from '../check-certificate.ts'
import type { Instance } from '../instance.ts'
import { type Choices, choicesOf, type Owner } from './choices.ts'
import { install, instanceOf, isCovered, nameOf, noEmail, provableHosts } from './owner.ts'

const kept = z.object({ key: z.string(), url: z.string(), email: z.string().optional() })

/**
 * Gets a certificate for all hosts of an owner that can be proven, and serves it. A host that the authority does not find here is
 * in nobody's way: it is said, answered and left out, and where the others have a certificate that is not `due`, they keep it.
 * Throws what the authority says otherwise.
 */
export async function orderCertificate(owner: Owner, output: Output, signal?: AbortSignal, due = true): Promise<string[]> {
  const instance = instanceOf(owner)
  return await instance.inOrder(`certificate of ${'db' in owner ? 'the door' : owner.id}`, async () => {
    const choices = choicesOf(owner)
    if (choices.email === undefined) throw noEmail()
    const { hosts, left } = await provableHosts(owner)
    for (const text of left) output.warn(`Left out: ${text}`)
    if (hosts.length === 0)
      throw new UserError('acme-unprovable', `${nameOf(owner)} has no host that a certificate authority could prove`, {
        hint: 'domains:add APP a name of the internet that leads to this machine',
      })
    output.step(`Asking ${new URL(choices.directory).host} for a certificate for ${hosts.join(', ')}`)
    const before = certificateOf(owner)
    const replaces = before?.origin === 'acme' ? await renewalId(before.chain) : undefined
    const order = { hosts, solvers: await solvers(instance, output), profile: choices.profile, replaces, signal }
    const refused: string[] = []
    for (let wanted = hosts; ; )
      try {
        const given = await byAccount(instance, choices, async (talk) => await obtain(talk, { ...order, hosts: wanted }), signal)
        await install(owner, checkCertificate(given, wanted), output)
        output.step(`${nameOf(owner)} is served with a certificate for ${wanted.join(', ')}`)
        return refused
      } catch (error) {
        const host = error instanceof AcmeError ? error.host : undefined
        if (host === undefined || wanted.length === 1) throw error
        output.warn(`Left out: ${messageOf(error)}`)
        refused.push(host)
        wanted = wanted.filter((one) => one !== host)
        if (!due && isCovered(owner, wanted)) return refused
      }
  })
}

/** Does something by our account at an authority; an account that the authority forgot is made anew, once. */
export async function byAccount<T>(
  instance: Instance,
  choices: Choices,
  work: (talk: Conversation) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await work(await speak(instance, choices, signal))
  } catch (error) {
    if (!(error instanceof AcmeError) || error.type !== 'accountDoesNotExist') throw error
    instance.properties.set(accountName(choices), '')
    return await work(await speak(instance, choices, signal))
  }
}

/** A conversation with an owner's authority, by the account that we have there; it knows the address of now. */
export async function speak(instance: Instance, choices: Choices, signal?: AbortSignal): Promise<Conversation> {
  const name = accountName(choices)
  // Of two that come together only one makes an account.
  return await instance.inOrder(name, async () => {
    const { directory, email, outside } = choices
    const known = accountOf(instance, name)
    const key = known?.key ?? newAccountKey()
    const talk = await converse({ directory, ca: instance.ca }, key, signal)
    if (known !== undefined) {
      talk.as(known.url)
      if (email === undefined || email === known.email) return talk
      await talk.contact(email)
    }
    const mail = email === undefined ? {} : { email }
    const url = known?.url ?? (await talk.register({ ...mail, ...(outside === undefined ? {} : { outside }) }))
    instance.properties.set(name, JSON.stringify({ key, url, ...mail } satisfies z.output<typeof kept>))
    return talk
  })
}

function accountName({ directory }: Pick<Choices, 'directory'>): string {
  return `letsencrypt account ${directory}`
}

function accountOf({ properties }: Instance, name: string): z.output<typeof kept> | undefined {
  const text = properties.get(name)
  return text === undefined ? undefined : kept.parse(JSON.parse(text))
}

/** Over HTTP the appliance answers; for DNS, whichever plugin there is. */
async function solvers(instance: Instance, output: Output): Promise<Solvers> {
  const { appliance } = instance
  const tell = (verb: 'add' | 'remove') => async (name: string, value: string, host: string) =>
    await instance.fire('letsencrypt-dns', { verb, domain: host, name, value }, heard({ output }))
  return {
    http: { put: (token, answer) => appliance.setChallenge(token, answer), remove: (token) => appliance.removeChallenge(token) },
    ...((await instance.plugins.handles('letsencrypt-dns')) ? { dns: { put: tell('add'), remove: tell('remove') } } : {}),
  }
}
