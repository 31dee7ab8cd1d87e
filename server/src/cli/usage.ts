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
  related PATH:LINE       find code related to a place, and how: what calls it, what it calls, tests, types, similar code
      --relation RELATION   only calls, called-by, tests, type or similar
      --steps 2             also callers of callers, and what is called by what it calls
      --limit N             how many hits (default 10, at most 100)
  status                  what is indexed, and what the daemon is doing
  memory                  who holds how much memory
  models                  the models, and which one is selected
  doctor                  check every part, and say how to fix it
  remove PATH             remove a folder's index
  cache clear             free the memory of the model and of Chroma
  start [--foreground]    start the daemon
  stop                    stop the daemon
  mcp                     serve an agent on standard input and output
  mcp install [AGENT…]    make agents on this machine use it; without names asks about each that is found
      --all                 all that are found
      --project             write files for everybody who works in this folder's project
  mcp uninstall [AGENT…]  take it out of their files again, which are then as before; same options
  mcp list                which agents are on this machine, and which use it
  mcp config              print what most agents take, to add it by hand
      --client NAME         what this agent takes; http: address and token of the HTTP endpoint
  mcp token rotate        make a new token for the HTTP endpoint

Every command but start, stop, remove and mcp takes --json; mcp list does. LANTERN_HOME moves all data.
Exit status: 0 with hits or done, 1 with no hits, 2 on an error, 130 when interrupted.`;
