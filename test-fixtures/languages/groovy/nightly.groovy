// Jenkins: every night the phone app is built, signed and sent to the people who test it.
@Library('mobile-ci') _

import groovy.transform.Field

@Field final String KEYSTORE = 'android-upload-key'
@Field final List<String> LANGUAGES = ['de', 'fr', 'sl']

/** App stores refuse a build whose number is not higher than that of the one before. */
int nextBuildNumber(String propertiesFile) {
    def text = readFile(propertiesFile)
    def matcher = text =~ /versionCode=(\d+)/
    if (!matcher.find()) {
        error "No versionCode in ${propertiesFile}"
    }
    int next = matcher.group(1).toInteger() + 1
    writeFile file: propertiesFile, text: text.replaceFirst(/versionCode=\d+/, "versionCode=${next}")
    return next
}

/** What changed since yesterday, in the words of the commits but without the tickets' numbers. */
@NonCPS
String releaseNotes(changeSets) {
    def lines = changeSets.collectMany { set -> set.items*.msg }
    lines.collect { it.replaceAll(/^[A-Z]+-\d+:?\s*/, '') }.unique().take(20).join('\n')
}

void checkTranslations() {
    LANGUAGES.each { language ->
        int missing = sh(returnStdout: true, script: "tools/missing-strings ${language} | wc -l").trim().toInteger()
        if (missing > 0) {
            unstable "${missing} texts are not translated to ${language} yet"
        }
    }
}

pipeline {
    agent { label 'android' }

    triggers { cron('H 2 * * 1-5') }

    options {
        timeout(time: 45, unit: 'MINUTES')
        disableConcurrentBuilds()
    }

    stages {
        stage('Prepare') {
            steps {
                script { currentBuild.displayName = "nightly ${nextBuildNumber('version.properties')}" }
                checkTranslations()
            }
        }
        stage('Bundle') {
            steps {
                withCredentials([file(credentialsId: KEYSTORE, variable: 'KEY_FILE')]) {
                    sh './gradlew bundleRelease -PkeyFile=$KEY_FILE'
                }
            }
        }
        stage('Hand out') {
            steps {
                uploadToTesters bundle: 'app/build/outputs/bundle/release/app-release.aab',
                    notes: releaseNotes(currentBuild.changeSets)
            }
        }
    }

    post {
        failure { notifyChat channel: '#phone-app', text: "Tonight's build broke: ${env.BUILD_URL}" }
    }
}
