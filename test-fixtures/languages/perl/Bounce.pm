package Newsletter::Bounce;

# Decides what a returned mail means: try again, or take the reader off the list.

use strict;
use warnings;
use Exporter qw(import);

our @EXPORT_OK = qw(classify failed_recipient is_vacation_reply should_unsubscribe);

our $SOFT_LIMIT = 5;

my %PERMANENT = (
    '5.1.1' => 'no such mailbox',
    '5.1.2' => 'no such domain',
    '5.7.1' => 'blocked',
);

=head2 classify($mail)

Answers C<hard>, C<soft> or C<unknown>. The enhanced status code wins over the text, since
the text comes in every language under the sun.

=cut

sub classify {
    my ($mail) = @_;
    if ( $mail =~ /^Status:\s*([245]\.\d{1,3}\.\d{1,3})/mi ) {
        my $status = $1;
        return 'hard' if exists $PERMANENT{$status};
        return 'soft' if $status =~ /^4/ || $status eq '5.2.2';    # full today, perhaps not tomorrow
    }
    return 'hard' if $mail =~ /user unknown|unbekannt|n'existe pas/i;
    return 'unknown';
}

# Each reader gets a return address of their own, as in bounce+anna=example.org@lists.example.net
sub failed_recipient {
    my ($envelope_to) = @_;
    my ($encoded) = $envelope_to =~ /^bounce\+([^@]+)@/
        or die "No reader encoded in return address <$envelope_to>\n";
    $encoded =~ s/=([^=]+)$/\@$1/;
    return lc $encoded;
}

# "I am at the beach until Monday" is not a failure.
sub is_vacation_reply {
    my ($mail) = @_;
    return 1 if $mail =~ /^Auto-Submitted:\s*auto-replied/mi;
    return 1 if $mail =~ /^Subject:.*(?:out of office|abwesend|absent)/mi;
    return 0;
}

sub should_unsubscribe {
    my ($history) = @_;
    return 1 if grep { $_->{kind} eq 'hard' } @$history;
    my $in_a_row = 0;
    for my $event ( reverse @$history ) {
        last if $event->{kind} eq 'delivered';
        $in_a_row++ if $event->{kind} eq 'soft';
    }
    return $in_a_row >= $SOFT_LIMIT ? 1 : 0;
}

1;
