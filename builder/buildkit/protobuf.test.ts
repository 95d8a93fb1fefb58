import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encode, fields, raw, text } from './protobuf.ts'

test('protobuf reads back what it wrote', () => {
  const value = fc.oneof(fc.nat({ max: Number.MAX_SAFE_INTEGER }), fc.uint8Array({ maxLength: 300 }))
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), value)), (message) => {
      const read = [...fields(encode(message))].map((field) => [
        field.number,
        typeof field.value === 'number' ? field.value : [...field.value],
      ])
      assert.deepEqual(
        read,
        message.map(([number, one]) => [number, typeof one === 'number' ? one : [...one]]),
      )
    }),
  )
})

test('protobuf steps over fixed-width fields', () => {
  const message = Buffer.concat([Buffer.from([0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4]), encode([[3, 'name']])])
  assert.deepEqual(
    [...fields(message)].map(({ number, value }) => [number, text(value)]),
    [[3, 'name']],
  )
})

test('protobuf refuses a message cut short', () => {
  const whole = encode([[1, 'some text']])
  for (let length = 1; length < whole.length; length++) assert.throws(() => [...fields(whole.subarray(0, length))], /cut short/)
})

test('protobuf gives no text and no bytes for a number', () => {
  assert.equal(text(7), '')
  assert.equal(raw(7).length, 0)
})
