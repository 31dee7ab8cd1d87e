# A small radio station on one machine: live from the studio, a playlist when nobody is there.
{ config, lib, pkgs, ... }:

let
  cfg = config.services.communityRadio;

  # Plays the jingle once in `every` songs.
  interleaveJingles = every: songs: jingle:
    lib.concatLists (lib.imap1
      (position: song: if lib.mod position every == 0 then [ song jingle ] else [ song ])
      songs);

  playlistFile = pkgs.writeText "night.m3u" (lib.concatMapStringsSep "\n" toString
    (interleaveJingles cfg.jingleEvery cfg.nightSongs cfg.jingle));

  # Liquidsoap takes the first source that is not silent.
  fallbackScript = pkgs.writeText "station.liq" ''
    studio = input.harbor("studio", port=${toString cfg.studioPort}, max=10.)
    night = playlist("${playlistFile}")
    dead_air = blank.strip(max_blank=20., studio)
    output.icecast(%vorbis, host="localhost", mount="live", fallback([dead_air, night]))
  '';
in
{
  options.services.communityRadio = {
    enable = lib.mkEnableOption "the community radio station";

    studioPort = lib.mkOption {
      type = lib.types.port;
      default = 8005;
      description = "Where the presenters' software connects.";
    };

    jingleEvery = lib.mkOption {
      type = lib.types.ints.positive;
      default = 4;
      description = "Songs between two station identifications; the licence asks for one each quarter of an hour.";
    };

    jingle = lib.mkOption { type = lib.types.path; };
    nightSongs = lib.mkOption { type = lib.types.listOf lib.types.path; default = [ ]; };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.nightSongs != [ ];
        message = "communityRadio: nightSongs is empty, the station would go silent when the studio is closed";
      }
    ];

    systemd.services.radio = {
      description = "Community radio";
      wantedBy = [ "multi-user.target" ];
      after = [ "icecast.service" ];
      serviceConfig = {
        ExecStart = "${pkgs.liquidsoap}/bin/liquidsoap ${fallbackScript}";
        DynamicUser = true;
        Restart = "always";
      };
    };

    networking.firewall.allowedTCPPorts = [ cfg.studioPort ];
  };
}
