/**
 * Reads the answer of a CGI program: tells status and headers once they are whole, and gives what of each chunk is body;
 * undefined when the head does not end. Source: RFC 3875 section 6.
 */
export function cgiHead(tell: (status: number, headers: Record<string, string>) => void): (chunk: Buffer) => Buffer | undefined {
  let head: Buffer | undefined = Buffer.alloc(0)
  return (chunk) => {
    if (head === undefined) return chunk
    head = Buffer.concat([head, chunk])
    const end = /\r?\n\r?\n/.exec(head.toString('latin1'))
    if (end === null) return head.length > longestHead ? undefined : Buffer.alloc(0)
    const body = head.subarray(end.index + end[0].length)
    const { status = '200', ...headers } = fields(head.toString('latin1', 0, end.index))
    head = undefined
    tell(Number.parseInt(status, 10), headers)
    return body
  }
}

const longestHead = 64 * 1024

function fields(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).map((line) => /^([\w-]+):[ \t]*(.*)$/.exec(line))
  return Object.fromEntries(lines.flatMap((match) => (match?.[1] === undefined ? [] : [[match[1].toLowerCase(), match[2] ?? '']])))
}
