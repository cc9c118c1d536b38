import type { Identity } from '@latchkey/core';
import type { HttpAnswer } from '@latchkey/core/http';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { providerLabel } from './provider-labels.js';

/** Answers with pages and redirections, whatever the HTTP adapter. */
@Injectable()
export class Pages {
  constructor(private readonly adapters: HttpAdapterHost) {}

  /** Renders `views/<view>.hbs`. */
  show(response: object, view: string, model: object, status = 200): void {
    const { httpAdapter } = this.adapters;
    httpAdapter.status(response, status);
    httpAdapter.render(response, view, model);
  }

  /** Shows a page with the status and the headers of an answer of Latchkey: when to try again, which cookie to forget. */
  showAnswer(response: object, answer: HttpAnswer, view: string, model: object): void {
    this.takeHeaders(response, answer.headers);
    this.show(response, view, model, answer.status);
  }

  /** Has the browser get another page: 303, so that no form is sent twice. */
  redirect(response: object, path: string): void {
    this.adapters.httpAdapter.redirect(response, 303, path);
  }

  takeHeaders(response: object, headers: HttpAnswer['headers']): void {
    const { httpAdapter } = this.adapters;
    for (const [name, value] of Object.entries(headers)) {
      if (name === 'Set-Cookie') httpAdapter.appendHeader(response, name, value);
      else httpAdapter.setHeader(response, name, value);
    }
  }
}

/** What the frame of a page says of who is signed in. */
export function visitor({ name, email, subject, provider }: Identity): object {
  return {
    name: name ?? email ?? subject,
    email,
    provider: providerLabel(provider),
    hasDownloads: provider === 'cryptlex',
  };
}
