<#
.SYNOPSIS
    Looks after the printers of the school, so that the janitor does not have to.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [string[]] $ComputerName = @('print01'),
    [int] $StuckAfterMinutes = 20
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# Jobs that wait although the printer is not out of paper are broken, and block everybody behind them.
function Get-StuckPrintJob {
    param([string] $Computer, [int] $Minutes)

    $limit = (Get-Date).AddMinutes(-$Minutes)
    Get-Printer -ComputerName $Computer |
        Where-Object { $_.PrinterStatus -ne 'PaperOut' } |
        Get-PrintJob |
        Where-Object { $_.SubmittedTime -lt $limit }
}

function Clear-Spooler {
    [CmdletBinding(SupportsShouldProcess)]
    param([string] $Computer)

    if (-not $PSCmdlet.ShouldProcess($Computer, 'Empty the spool folder')) { return }
    Invoke-Command -ComputerName $Computer -ScriptBlock {
        Stop-Service -Name Spooler -Force
        # Half-written files survive a restart of the service, hence by hand.
        Remove-Item -Path "$env:SystemRoot\System32\spool\PRINTERS\*" -Force
        Start-Service -Name Spooler
    }
}

class TonerLevel {
    [string] $Printer
    [string] $Colour
    [int] $Percent

    TonerLevel([string] $printer, [string] $colour, [int] $percent) {
        if ($percent -lt 0 -or $percent -gt 100) {
            throw "Printer $printer reports $percent % of $colour, that is nonsense"
        }
        $this.Printer = $printer
        $this.Colour = $colour
        $this.Percent = $percent
    }

    [bool] NeedsOrder() {
        return $this.Percent -lt $(if ($this.Colour -eq 'black') { 20 } else { 10 })
    }
}

function Get-PageCountByTeacher {
    param([string] $Computer, [datetime] $Since)

    $filter = @{
        LogName   = 'Microsoft-Windows-PrintService/Operational'
        Id        = 307    # a document was printed
        StartTime = $Since
    }
    Get-WinEvent -ComputerName $Computer -FilterHashtable $filter |
        Group-Object { $_.Properties[2].Value } |
        Select-Object Name, @{
            Name       = 'Pages'
            Expression = { ($_.Group | ForEach-Object { $_.Properties[7].Value } | Measure-Object -Sum).Sum }
        } |
        Sort-Object Pages -Descending
}

foreach ($computer in $ComputerName) {
    $stuck = @(Get-StuckPrintJob -Computer $computer -Minutes $StuckAfterMinutes)
    if ($stuck.Count -gt 0) {
        Write-Warning "$($stuck.Count) jobs hang on $computer, emptying the queue"
        Clear-Spooler -Computer $computer
    }
}
