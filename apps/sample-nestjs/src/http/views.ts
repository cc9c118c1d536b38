import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Handlebars from 'handlebars';

/** The pages in `views`, with what is in `views/partials`. All that is put into them is escaped. */
export class Views {
  private readonly handlebars = Handlebars.create();
  private readonly templates: ReadonlyMap<string, HandlebarsTemplateDelegate>;

  constructor(folder: string) {
    for (const [name, text] of templatesIn(join(folder, 'partials')))
      this.handlebars.registerPartial(name, text);
    this.templates = new Map(
      templatesIn(folder).map(([name, text]) => [
        name,
        this.handlebars.compile(text, { knownHelpersOnly: true }),
      ]),
    );
  }

  render(view: string, model: object): string {
    const template = this.templates.get(view);
    if (!template) throw new Error(`There is no view ${view}.`);
    return template(model);
  }
}

function templatesIn(folder: string): [name: string, text: string][] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.hbs'))
    .map((file) => [basename(file, '.hbs'), readFileSync(join(folder, file), 'utf8')]);
}
