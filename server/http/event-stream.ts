/** One message of a stream: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export interface StreamMessage {
  event: string;
  data: unknown;
  /** What the browser sends back as `Last-Event-ID` when it reconnects. */
  id?: string;
}

/** Comments that keep proxies from closing a silent stream; most give up after 30 to 60 s. */
const HEARTBEAT_MS = 15_000;
/** How long a browser waits before it reconnects. */
const RETRY_MS = 2000;
/** A client this many messages behind does not read any more. */
const MOST_UNREAD = 500;

/**
 * A response of server-sent events. `start` is given `send` and returns its own stop, called once, when the client goes
 * away or stops reading.
 */
export function eventStream(signal: AbortSignal, start: (send: (message: StreamMessage) => void, close: () => void) => () => void): Response {
  const encoder = new TextEncoder();
  let end: () => void = () => {};
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let open = true;
        let stop: (() => void) | null = null;
        const write = (text: string): void => {
          if (!open) return;
          if (controller.desiredSize !== null && controller.desiredSize < -MOST_UNREAD) return end();
          controller.enqueue(encoder.encode(text));
        };
        const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
        end = () => {
          if (!open) return;
          open = false;
          clearInterval(heartbeat);
          signal.removeEventListener('abort', end);
          stop?.();
          try {
            controller.close();
          } catch {
            // The reader was cancelled first: the stream is closed already, which is what was wanted.
          }
        };
        if (signal.aborted) return end();
        signal.addEventListener('abort', end);
        write(`retry: ${RETRY_MS}\n\n`);
        stop = start((message) => write(format(message)), end);
        if (!open) stop();
      },
      cancel: () => end(),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      connection: 'keep-alive',
      // nginx gathers answers before passing them on unless told not to.
      'x-accel-buffering': 'no',
    },
  });
}

function format({ event, data, id }: StreamMessage): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
