/** Makes elements. */

/** An element with properties and children; `aria-…`, `data-…`, `role` and `for` are attributes. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue
    if (/^(aria-|data-|role$|for$|lang$)/.test(name)) element.setAttribute(name, value)
    else element[name] = value
  }
  element.append(...children.flat().filter(child => child !== undefined && child !== null && child !== ''))
  return element
}

export const byId = id => document.getElementById(id)

/** JSON as people read it. */
export const pretty = value => (typeof value === 'string' ? value : JSON.stringify(value, null, 2))
