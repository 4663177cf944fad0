/** The timers that every runtime of mini programs has. */
declare function setTimeout(work: () => void, milliseconds: number): unknown
declare function clearTimeout(timer: unknown): void
