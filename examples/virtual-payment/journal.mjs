// A file of JSON lines. A record that was appended survives kill -9 and a power cut.
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Opens the file, making it if necessary, and calls `apply` for each record in it and each one appended. */
export function openJournal(path, apply) {
  const file = openSync(path, 'a+')
  const folder = openSync(dirname(path), 'r')
  fsyncSync(folder) // the file's name
  closeSync(folder)

  const bytes = readFileSync(path)
  let length = bytes.lastIndexOf('\n') + 1
  ftruncateSync(file, length) // a record that was cut off was not acknowledged
  for (const line of bytes.toString('utf8', 0, length).split('\n').slice(0, -1)) apply(JSON.parse(line))

  return function append(record) {
    const line = Buffer.from(`${JSON.stringify(record)}\n`)
    try {
      for (let written = 0; written < line.length;) written += writeSync(file, line, written)
      fsyncSync(file)
    } catch (error) {
      ftruncateSync(file, length)
      throw error
    }
    length += line.length
    apply(record)
  }
}
