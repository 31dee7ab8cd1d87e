defmodule Lobby.Presence do
  @moduledoc """
  Knows who is in which chat room right now.

  A person may have several tabs open; they leave the room when the last one is gone. Each tab is a process
  that is monitored, so a crashed browser counts as leaving and nobody stays behind as a ghost.
  """

  use GenServer

  @type room :: String.t()
  @type person :: String.t()

  def start_link(opts \\ []) do
    GenServer.start_link(__MODULE__, :ok, Keyword.put_new(opts, :name, __MODULE__))
  end

  @doc "Enters a room with one tab."
  @spec join(GenServer.server(), room, person, pid) :: :ok
  def join(server \\ __MODULE__, room, person, tab) do
    GenServer.call(server, {:join, room, person, tab})
  end

  @doc "Everybody in the room, in alphabetical order."
  @spec list(GenServer.server(), room) :: [person]
  def list(server \\ __MODULE__, room) do
    GenServer.call(server, {:list, room})
  end

  @impl true
  def init(:ok), do: {:ok, %{tabs: %{}}}

  @impl true
  def handle_call({:join, room, person, tab}, _from, state) do
    reference = Process.monitor(tab)
    {:reply, :ok, put_in(state.tabs[reference], {room, person})}
  end

  def handle_call({:list, room}, _from, state) do
    people = for {_reference, {^room, person}} <- state.tabs, uniq: true, do: person
    {:reply, Enum.sort(people), state}
  end

  @impl true
  def handle_info({:DOWN, reference, :process, _pid, _reason}, state) do
    {gone, tabs} = Map.pop(state.tabs, reference)
    announce_if_last(gone, tabs)
    {:noreply, %{state | tabs: tabs}}
  end

  defp announce_if_last(nil, _tabs), do: :ok

  defp announce_if_last({room, person} = gone, tabs) do
    unless Enum.any?(tabs, fn {_reference, entry} -> entry == gone end) do
      Registry.dispatch(Lobby.Rooms, room, fn listeners ->
        for {pid, _} <- listeners, do: send(pid, {:left, person})
      end)
    end
  end
end
