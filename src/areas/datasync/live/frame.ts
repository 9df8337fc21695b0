/** A WebSocket frame's first byte: the final part of a text message. */
const FINAL_TEXT = 0x81;

/**
 * A text message as it goes over the wire (RFC 6455, 5.2). A server's frames are not masked, so one frame serves any
 * number of clients, and frames one behind another are one piece of data.
 */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  // Not from the shared pool: a frame that waits for a slow client would keep its neighbours in memory too.
  const frame = Buffer.allocUnsafeSlow(header + length);
  frame[0] = FINAL_TEXT;
  if (header === 2) {
    frame[1] = length;
  } else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, header);
  return frame;
}
