// Where the service is.
export async function send<T>(path: string, options: RequestInit): Promise<T> {
  const answer = await fetch(process.env.SERVICE + path, options)
  return { status: answer.status, headers: answer.headers, data: await answer.json() } as T
}
