/** In place of a page whose data cannot be read just now. */
export function Unavailable({ message }: { message: string }) {
  return (
    <section className="mx-auto my-[12vh] max-w-[36rem]" role="alert">
      <p className="num mb-2 text-t1 text-ink-3">503</p>
      <h1>The catalogue cannot be read at the moment</h1>
      <p className="mt-2 text-ink-2">{message}</p>
      <p className="mt-4 text-t1 text-ink-3">Nothing is lost: the pages come back as soon as the database answers. Try again in a few seconds.</p>
      <p className="mt-4">
        <a className="btn" href="">
          Try again
        </a>
      </p>
    </section>
  );
}
