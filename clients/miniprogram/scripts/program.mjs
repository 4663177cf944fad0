/** The service's program: WXLOGIN, or the one that cargo built. */
export const program = process.env.WXLOGIN || new URL('../../../target/debug/wxlogin', import.meta.url).pathname
