// The ceiling: what the platform itself does with the same messages, without any rule of sync. One object; sockets are hibernatable, as ours are.
export class Bare {
  constructor(ctx) {
    this.ctx = ctx;
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS line (id INTEGER PRIMARY KEY, bytes BLOB)");
  }
  async fetch(request) {
    const mode = new URL(request.url).pathname.slice(1);
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server, [mode]);
    return new Response(null, { status: 101, webSocket: client });
  }
  webSocketMessage(socket, message) {
    const [mode] = this.ctx.getTags(socket);
    if (mode === "echo") socket.send(message);
    if (mode === "insert") {
      this.ctx.storage.sql.exec("INSERT INTO line (bytes) VALUES (?)", message);
      socket.send(message.slice(0, 32));
    }
    if (mode === "broadcast") for (const reader of this.ctx.getWebSockets("reader")) reader.send(message);
    if (mode === "bulk") socket.send(new Uint8Array(new DataView(message).getUint32(0)));
  }
}
export default { fetch: (request, env) => env.BARE.get(env.BARE.idFromName("bare")).fetch(request) };
