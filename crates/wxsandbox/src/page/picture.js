/** A picture such as `chooseAvatar` gives: a temporary PNG. */

/** Draws one; another letter and another colour for another user. */
export async function drawn(name) {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 132
  const pen = canvas.getContext('2d')
  const hue = [...name].reduce((sum, letter) => sum * 31 + letter.codePointAt(0), Date.now()) % 360
  pen.fillStyle = `hsl(${hue} 60% 40%)`
  pen.fillRect(0, 0, 132, 132)
  pen.fillStyle = '#fff'
  pen.font = '600 72px sans-serif'
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.fillText(name.charAt(0).toUpperCase(), 66, 70)
  const blob = await new Promise(resolve => canvas.toBlob(resolve, 'image/png'))
  return new File([blob], 'tmp_avatar.png', { type: 'image/png' })
}
