/** What `lantern --help` prints. */
export const usage = `Usage: lantern COMMAND

  index [PATH]            index a folder, or bring its index up to date
  search QUERY            find code by words and meaning; starts to index a folder that is not indexed
      --path PATH           the folder (default: this one)
      --limit N             how many hits (default 10, at most 100)
      --mode MODE           hybrid, semantic or lexical (default hybrid)
      --lang LANGUAGE       only this language, such as ts or python
      --glob GLOB           only matching paths, such as "src/**"
      --wait                answer when everything is indexed, and show the progress
      --no-wait             do not even wait two seconds for a folder that is not indexed
      --min strong|likely   leave out hits that match less well
      --explain             show what each hit's score is made of
  status                  what is indexed, and what the daemon is doing
  memory                  who holds how much memory
  models                  the models, and which one is selected
  doctor                  check every part, and say how to fix it
  remove PATH             remove a folder's index
  cache clear             free the memory of the model and of Chroma
  start [--foreground]    start the daemon
  stop                    stop the daemon
  mcp                     serve an agent on standard input and output
  mcp config --client NAME [--write]
                          print, or write, what makes claude-code, claude-desktop, cursor or vscode use it;
                          http prints the address and token of the HTTP endpoint
  mcp token rotate        make a new token for the HTTP endpoint

Every command but start, stop, remove and mcp takes --json. LANTERN_HOME moves all data.
Exit status: 0 with hits or done, 1 with no hits, 2 on an error, 130 when interrupted.`;
