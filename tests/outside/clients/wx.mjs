// What a mini-program has instead of WebSocket: `wx.connectSocket`, which gives a SocketTask; and the small class that
// lets graphql-ws use it. The class is what a mini-program would ship.
import WebSocket from 'ws';

/** `wx` as far as sockets go, shaped like the mini-program API: options in, callbacks out, text frames only. */
export const wx = {
  connectSocket({ url, protocols, header }) {
    const socket = new WebSocket(url, protocols, { headers: header });
    return {
      onOpen: (listener) => socket.on('open', () => listener({ header: {} })),
      onMessage: (listener) => socket.on('message', (data) => listener({ data: data.toString() })),
      onClose: (listener) => socket.on('close', (code, reason) => listener({ code, reason: reason.toString() })),
      onError: (listener) => socket.on('error', (error) => listener({ errMsg: error.message })),
      send({ data, success, fail }) {
        socket.send(data, (error) => (error ? fail?.({ errMsg: error.message }) : success?.({ errMsg: 'ok' })));
      },
      close: ({ code, reason } = {}) => socket.close(code, reason),
    };
  },
};

/** A WebSocket class, as far as graphql-ws needs one, on `wx.connectSocket`. */
export function socketClass(wx) {
  return class {
    static CONNECTING = 0;
    static OPEN = 1;
    static CLOSING = 2;
    static CLOSED = 3;

    readyState = 0;

    constructor(url, protocol) {
      this.protocol = protocol;
      this.task = wx.connectSocket({ url, protocols: [protocol] });
      this.task.onOpen(() => {
        this.readyState = 1;
        this.onopen?.({});
      });
      this.task.onMessage(({ data }) => this.onmessage?.({ data }));
      this.task.onError((error) => this.onerror?.(error));
      this.task.onClose(({ code, reason }) => {
        this.readyState = 3;
        this.onclose?.({ code, reason, wasClean: code === 1000 });
      });
    }

    send(data) {
      this.task.send({ data, fail: (error) => this.onerror?.(error) });
    }

    close(code, reason) {
      this.readyState = 2;
      this.task.close({ code, reason });
    }
  };
}
